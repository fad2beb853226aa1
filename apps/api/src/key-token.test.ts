import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { mintKey, parseToken, secretMatches } from './key-token.js'

test('a new key reads mk_<keyId>_<secret>, and only the SHA-256 of its secret is for keeping', () => {
  const { keyId, token, secretHash } = mintKey()
  expect(token).toMatch(/^mk_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/)
  const parsed = parseToken(token)
  expect(parsed?.keyId).toBe(keyId)
  expect(secretHash).toEqual(
    createHash('sha256')
      .update(parsed?.secret ?? '')
      .digest(),
  )
  expect(mintKey().token).not.toBe(token)
})

test('a secret with underscores is not cut', () => {
  const secret = `_${'a_'.repeat(21)}`
  expect(parseToken(`mk_abcdefghijkl_${secret}`)).toEqual({ keyId: 'abcdefghijkl', secret })
})

test.each([
  '',
  'mk_',
  'mk_short_x',
  `mk_ABCDEFGHIJKL_${'a'.repeat(43)}`,
  `mk_abcdefghijkl_${'a'.repeat(44)}`,
  `xx_abcdefghijkl_${'a'.repeat(43)}`,
])('is no key: %j', (text) => {
  expect(parseToken(text)).toBeNull()
})

test('a secret matches its own hash only, and never a missing, empty or zeroed one', () => {
  const { token, secretHash } = mintKey()
  const secret = parseToken(token)?.secret ?? ''
  expect(secretMatches(secret, secretHash)).toBe(true)
  for (const other of [mintKey().secretHash, null, Buffer.alloc(0), Buffer.alloc(32), secretHash.subarray(1)]) {
    expect(secretMatches(secret, other)).toBe(false)
  }
})
