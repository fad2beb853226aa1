import { accept, refuse, type Outcome } from '../outcome.js'
import type { PasswordHashes } from './types.js'

/** bcrypt reads 72 bytes and stops at a NUL: a longer password would be cut without a word, so it is refused. */
export function parsePassword(text: string): Outcome<string, 'password_invalid'> {
  const bad = (detail: string) => refuse('password_invalid' as const, 'password', detail)
  if (text.length === 0) return bad('A password has at least one character.')
  if (text.includes('\0')) return bad('A password holds no NUL character.')
  if (Buffer.byteLength(text, 'utf8') > 72) return bad('A password has at most 72 bytes in UTF-8.')
  return accept(text)
}

const CRYPT_64 = '[./0-9A-Za-z]'
/** Modular crypt hashes that libxcrypt of a current Debian verifies. DES and the LDAP schemes ({SSHA}, ...) are not among them. */
const CRYPT_FORMS = [
  new RegExp(`^\\$1\\$${CRYPT_64}{0,8}\\$${CRYPT_64}{22}$`),
  new RegExp(`^\\$5\\$(?:rounds=\\d{4,9}\\$)?${CRYPT_64}{0,16}\\$${CRYPT_64}{43}$`),
  new RegExp(`^\\$6\\$(?:rounds=\\d{4,9}\\$)?${CRYPT_64}{0,16}\\$${CRYPT_64}{86}$`),
  new RegExp(`^\\$2[aby]\\$\\d\\d\\$${CRYPT_64}{53}$`),
  new RegExp(`^\\$y\\$${CRYPT_64}{1,8}\\$${CRYPT_64}{0,86}\\$${CRYPT_64}{43}$`),
]
const ARGON2ID = /^\$argon2id\$v=19\$(?=[^$]*\bm=\d)(?=[^$]*\bt=\d)(?=[^$]*\bp=\d)[a-z0-9,=]+\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,172}$/

/** Takes `$argon2id$`, `$6$`, `$5$`, `$2a$`/`$2b$`/`$2y$`, `$y$` and `$1$`, with or without Dovecot's `{SCHEME}` before it. */
export function parsePasswordHash(text: string): Outcome<PasswordHashes, 'password_hash_unsupported'> {
  const hash = text.replace(/^\{(?:CRYPT|ARGON2ID|BLF-CRYPT|SHA512-CRYPT|SHA256-CRYPT|MD5-CRYPT)\}/i, '')
  if (ARGON2ID.test(hash)) return accept({ argon2id: orderArgon2Parameters(hash), crypt: null })
  if (CRYPT_FORMS.some((form) => form.test(hash))) return accept({ argon2id: null, crypt: hash })
  return refuse(
    'password_hash_unsupported',
    'passwordHash',
    'Give a $argon2id$, $y$, $2b$ (or $2a$, $2y$), $6$, $5$ or $1$ hash, whole; other schemes are not verified by every daemon.',
  )
}

/** libsodium, and so Dovecot, reads only `m=,t=,p=` in this order; both orders verify the same. */
export function orderArgon2Parameters(hash: string): string {
  const parts = hash.split('$')
  const given = new Map((parts[3] ?? '').split(',').map((p) => p.split('=') as [string, string]))
  parts[3] = ['m', 't', 'p'].map((k) => `${k}=${given.get(k)}`).join(',')
  return parts.join('$')
}
