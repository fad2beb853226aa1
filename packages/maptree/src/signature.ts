import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { TreeError, type TreeFaultCode } from './fault.js'

/** The publisher's Ed25519 private key. */
export interface SigningKey {
  readonly keyId: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A public key that a reader pinned. */
export interface PinnedKey {
  readonly keyId: string
  readonly publicKey: KeyObject
}

/** The first 16 hex digits of the SHA-256 of the raw public key (32 bytes, RFC 8032): names a key, proves nothing by itself. */
export function keyIdOf(publicKey: KeyObject): string {
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return createHash('sha256').update(raw).digest('hex').slice(0, 16)
}

export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey)
}

/** Reads a PKCS #8 PEM; throws when it is another kind of key. */
export function parseSigningKey(pem: string): SigningKey {
  return signingKeyOf(createPrivateKey(pem))
}

export function renderSigningKey(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function renderPublicKey(key: PinnedKey): string {
  return key.publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** Reads one or more public keys as PEM blocks in one text: two are valid at a time while a key is being replaced. */
export function parsePinnedKeys(pem: string): PinnedKey[] {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? []
  if (blocks.length === 0) throw new Error('there is no PEM public key (BEGIN PUBLIC KEY) in this text')
  return blocks.map((block) => {
    const publicKey = createPublicKey(block)
    return { keyId: keyIdOf(mustBeEd25519(publicKey)), publicKey }
  })
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(mustBeEd25519(privateKey))
  return { keyId: keyIdOf(publicKey), privateKey, publicKey }
}

function mustBeEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`the key is ${key.asymmetricKeyType ?? 'symmetric'}; an Ed25519 key is needed`)
  return key
}

/** The text with its signature line. The same text and key give the same bytes: Ed25519 draws no random number. */
export function signText(body: string, key: SigningKey): string {
  return `${body}signature ${key.keyId} ${sign(null, Buffer.from(body, 'utf8'), key.privateKey).toString('base64')}\n`
}

/** The text above the signature line, once one of the pinned keys has been found to have signed it; throws a TreeError otherwise. */
export function openSigned(text: string, pinned: readonly PinnedKey[], file: string): string {
  const fail = (code: TreeFaultCode, expected: string, found: string): never => {
    throw new TreeError({ code, file, expected, found })
  }
  const line = /(?:^|\n)signature ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\n$/.exec(text)
  if (!line) return fail('signature_missing', 'a signature on the last line', 'none')
  const body = text.slice(0, line.index + (line[0].startsWith('\n') ? 1 : 0))
  const bytes = Buffer.from(line[2] as string, 'base64')
  const key = pinned.find((k) => k.keyId === line[1])
  if (!key) return fail('signature_key_unknown', pinned.map((k) => k.keyId).join(' or ') || 'a pinned key', line[1] as string)
  // Base64 leaves bits unused in its last digit: only the one plain spelling passes, so that no byte of the file is free to change.
  const plain = bytes.toString('base64') === line[2]
  if (!plain || !verify(null, Buffer.from(body, 'utf8'), key.publicKey, bytes))
    return fail('signature_bad', `one by ${key.keyId}`, 'another')
  return body
}
