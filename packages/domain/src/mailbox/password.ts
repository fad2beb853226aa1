import { accept, refuse, type Outcome } from '../outcome.js'
import type { PasswordHashes } from './types.js'

/** bcrypt reads 72 bytes and stops at a NUL: a longer password would be cut without a word, so it is refused. */
export function parsePassword(text: string): Outcome<string, 'password_invalid'> {
  const bad = (detail: string) => refuse('password_invalid' as const, 'password', detail)
  if (text.length === 0) return bad('A password has at least one character.')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return bad('A password holds no NUL or other control character; POP3 could not send it.')
  if (/\p{Surrogate}/u.test(text)) return bad('A password is whole Unicode text; half a surrogate pair has no UTF-8 form.')
  if (Buffer.byteLength(text, 'utf8') > 72) return bad('A password has at most 72 bytes in UTF-8.')
  return accept(text)
}

const CRYPT_64 = '[./0-9A-Za-z]'
const SHA_ROUNDS = '(?:rounds=[1-9]\\d{3,7}\\$)?'
/**
 * Modular crypt hashes that libxcrypt of a current Debian verifies, by the schemes that Dovecot calls them. DES and the LDAP schemes
 * ({SSHA}, ...) are not among them. Costs that would keep a core busy for minutes a login are refused: bcrypt above 18, SHA above
 * 99,999,999 rounds (fewer than 1,000 are not verified by any library).
 */
const CRYPT_FORMS: readonly { readonly schemes: readonly string[]; readonly form: RegExp }[] = [
  { schemes: ['MD5-CRYPT'], form: new RegExp(`^\\$1\\$${CRYPT_64}{0,8}\\$${CRYPT_64}{22}$`) },
  { schemes: ['SHA256-CRYPT'], form: new RegExp(`^\\$5\\$${SHA_ROUNDS}${CRYPT_64}{0,16}\\$${CRYPT_64}{43}$`) },
  { schemes: ['SHA512-CRYPT'], form: new RegExp(`^\\$6\\$${SHA_ROUNDS}${CRYPT_64}{0,16}\\$${CRYPT_64}{86}$`) },
  { schemes: ['BLF-CRYPT'], form: new RegExp(`^\\$2[aby]\\$(?:0[4-9]|1[0-8])\\$${CRYPT_64}{53}$`) },
  { schemes: [], form: new RegExp(`^\\$y\\$${CRYPT_64}{1,8}\\$${CRYPT_64}{0,86}\\$${CRYPT_64}{43}$`) },
]
const ARGON2ID =
  /^\$argon2id\$v=19\$([mtp]=[1-9]\d{0,6},[mtp]=[1-9]\d{0,6},[mtp]=[1-9]\d{0,6})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,172})$/
/** 1 GiB: each login takes this much of the auth process while it verifies. */
const MAX_ARGON2_MEMORY_KIB = 1_048_576
const MAX_ARGON2_PASSES = 100
const MAX_ARGON2_LANES = 255
const MAX_HASH = 512

/**
 * Takes `$argon2id$`, `$6$`, `$5$`, `$2a$`/`$2b$`/`$2y$`, `$y$` and `$1$`, with or without Dovecot's `{SCHEME}` before it, which must
 * then be the hash's own (`{CRYPT}` is that of every crypt hash).
 */
export function parsePasswordHash(text: string): Outcome<PasswordHashes, 'password_hash_unsupported'> {
  const given = text.length > MAX_HASH ? null : /^(?:\{([A-Z0-9-]{1,20})\})?(\$.*)$/i.exec(text)
  const [scheme, hash] = [given?.[1]?.toUpperCase(), given?.[2] ?? '']
  if (isArgon2id(hash) && (scheme ?? 'ARGON2ID') === 'ARGON2ID') return accept({ argon2id: orderArgon2Parameters(hash), crypt: null })
  const form = CRYPT_FORMS.find((f) => f.form.test(hash))
  if (form && (scheme === undefined || scheme === 'CRYPT' || form.schemes.includes(scheme))) return accept({ argon2id: null, crypt: hash })
  return refuse(
    'password_hash_unsupported',
    'passwordHash',
    'Give a $argon2id$, $y$, $2b$ (or $2a$, $2y$), $6$, $5$ or $1$ hash, whole; other schemes are not verified by every daemon.',
  )
}

/** The three parameters once each, within limits, and nothing after them that the verifiers of mail daemons do not read (keyid, data). */
function isArgon2id(hash: string): boolean {
  const match = ARGON2ID.exec(hash)
  if (!match) return false
  const { m, t, p } = argon2Parameters(match[1] as string)
  if (m === undefined || t === undefined || p === undefined) return false
  const sound = m >= 8 * p && m <= MAX_ARGON2_MEMORY_KIB && t <= MAX_ARGON2_PASSES && p <= MAX_ARGON2_LANES
  return sound && [match[2], match[3]].every((base64) => (base64 as string).length % 4 !== 1)
}

/** libsodium, and so Dovecot, reads only `m=,t=,p=` in this order; both orders verify the same. */
export function orderArgon2Parameters(hash: string): string {
  const parts = hash.split('$')
  const { m, t, p } = argon2Parameters(parts[3] ?? '')
  parts[3] = `m=${m},t=${t},p=${p}`
  return parts.join('$')
}

function argon2Parameters(text: string): { m?: number; t?: number; p?: number } {
  return Object.fromEntries(text.split(',').map((parameter) => [parameter.slice(0, 1), Number(parameter.slice(2))]))
}
