import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** `mk_<keyId>_<secret>`: 12 of a-z and 0-9, then 32 random bytes in base64url. */
const TOKEN = /^mk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/
const KEY_ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

export interface MintedKey {
  readonly keyId: string
  /** The whole text that a client sends: shown once, never stored. */
  readonly token: string
  /** SHA-256 of the secret. 256 random bits need no salt and no slow hash. */
  readonly secretHash: Buffer
}

export function mintKey(): MintedKey {
  const keyId = Array.from({ length: 12 }, () => KEY_ID_ALPHABET[randomInt(KEY_ID_ALPHABET.length)]).join('')
  const secret = randomBytes(32).toString('base64url')
  return { keyId, token: `mk_${keyId}_${secret}`, secretHash: hashSecret(secret) }
}

export function parseToken(token: string): { keyId: string; secret: string } | null {
  const match = TOKEN.exec(token)
  return match ? { keyId: match[1] as string, secret: match[2] as string } : null
}

/** Compares in constant time. With no stored hash it does the same work and answers no. */
export function secretMatches(secret: string, storedHash: Buffer | null): boolean {
  const given = hashSecret(secret)
  const stored = storedHash?.length === given.length ? storedHash : Buffer.alloc(given.length)
  return timingSafeEqual(given, stored) && stored === storedHash
}

function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
