import { parseMapName } from '@muster/domain'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseHead, renderHead, type Head } from './head.js'
import { makeManifest, parseManifest, renderManifest, type Manifest } from './manifest.js'
import { SHARD_COUNTS, sha256 } from './shard.js'
import {
  generateSigningKey,
  openSigned,
  parsePinnedKeys,
  parseSigningKey,
  renderPublicKey,
  renderSigningKey,
  signText,
} from './signature.js'
import { cursorAt, key, pinned } from './tree.fixture.js'

const anyMap = fc.constantFrom('popmap', 'userdb', 'userdb@ms1', 'dovecot-passwd@store-2')
const anyDigest = fc.record({ bytes: fc.nat(), sha256: fc.string().map((s) => sha256(s)), entries: fc.nat() })
const anyManifest = fc
  .tuple(anyMap, fc.nat(), fc.constantFrom(...SHARD_COUNTS), fc.array(anyDigest, { minLength: 1, maxLength: 5 }))
  .map(([map, revision, count, digests]): Manifest => {
    const shards = Array.from({ length: count }, (_, i) => digests[i % digests.length]!)
    return makeManifest(map, cursorAt(revision), shards)
  })
const anyHead = fc
  .record({
    cursor: fc.nat().map((revision) => cursorAt(revision, 2)),
    issued: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000)),
    maps: fc.uniqueArray(
      fc.record({ map: anyMap, cursor: fc.nat().map((revision) => cursorAt(revision)), root: fc.string().map((s) => sha256(s)) }),
      { selector: (m) => m.map },
    ),
  })
  .map((head): Head => ({ ...head, maps: head.maps.sort((a, b) => (a.map < b.map ? -1 : 1)) }))

test('a manifest parses to what it was rendered from', () => {
  fc.assert(
    fc.property(anyManifest, (manifest) => {
      const text = renderManifest(manifest, key)
      expect(parseManifest(text, pinned, 'MANIFEST')).toEqual(manifest)
      expect(renderManifest(manifest, key)).toBe(text)
    }),
    { numRuns: 30 },
  )
})

test('a HEAD parses to what it was rendered from', () => {
  fc.assert(
    fc.property(anyHead, (made) => {
      expect(parseHead(renderHead(made, key), pinned, 'HEAD')).toEqual(made)
    }),
  )
})

test('the root is the SHA-256 of the shard lines, whatever the cursor', () => {
  const shards = [{ bytes: 4, sha256: sha256('a:1\n'), entries: 1 }]
  const manifest = makeManifest('popmap', cursorAt(7), shards)
  expect(manifest.root).toBe(sha256(`shard 00 4 ${sha256('a:1\n')} 1\n`))
  expect(makeManifest('popmap', cursorAt(8), shards).root).toBe(manifest.root)
})

test.each(['manifest', 'head'])('any byte of a %s flipped is found', (what) => {
  const shards = [{ bytes: 4, sha256: sha256('a:1\n'), entries: 1 }]
  const head = { cursor: cursorAt(9), issued: new Date(0), maps: [{ map: 'popmap', cursor: cursorAt(7), root: sha256('') }] }
  const text = what === 'head' ? renderHead(head, key) : renderManifest(makeManifest('popmap', cursorAt(7), shards), key)
  const parse = what === 'head' ? parseHead : parseManifest
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= bit
      expect(() => parse(flipped.toString('utf8'), pinned, what), `byte ${at}, bit ${bit}`).toThrow(/signature|syntax/)
    }
  }
})

test.each([
  ['cut off', (text: string) => text.slice(0, -1), 'signature_missing'],
  ['grown', (text: string) => `${text}x\n`, 'signature_missing'],
  ['without a signature', (text: string) => text.replace(/signature .*\n$/, ''), 'signature_missing'],
  ['signed by a stranger', (text: string) => signText(text.replace(/signature .*\n$/, ''), generateSigningKey()), 'signature_key_unknown'],
  ['signed by a stranger under our name', (text: string) => text.replace(/ \S+\n$/, ` ${'A'.repeat(86)}==\n`), 'signature_bad'],
])('refuses a text %s', (_, spoil, code) => {
  const text = signText('muster-manifest 1\n', key)
  expect(() => openSigned(spoil(text), pinned, 'popmap/MANIFEST')).toThrow(`popmap/MANIFEST: ${code}`)
})

test('two keys are valid while one replaces the other', () => {
  const next = generateSigningKey()
  const both = parsePinnedKeys(renderPublicKey(key) + renderPublicKey(next))
  expect(openSigned(signText('old\n', key), both, 'f')).toBe('old\n')
  expect(openSigned(signText('new\n', next), both, 'f')).toBe('new\n')
})

test('a key survives its PEM, and only Ed25519 is taken', () => {
  const again = parseSigningKey(renderSigningKey(key))
  expect(again.keyId).toBe(key.keyId)
  expect(signText('text\n', again)).toBe(signText('text\n', key))
  const raw = Buffer.from(key.publicKey.export({ format: 'jwk' }).x!, 'base64url')
  expect(key.keyId).toBe(sha256(raw).slice(0, 16))
  expect(() => parsePinnedKeys('no key at all')).toThrow('no PEM public key')
})

// Well signed, yet not as the format says: what a faulty publisher could make.
const digest = sha256('')
const shard = `shard 00 0 ${digest} 0\n`
const root = sha256(shard)
const manifest = `muster-manifest 1\nmap popmap\ncursor 1-7-000000000000000a\nroot ${root}\nentries 0\n${shard}`
test.each([
  [manifest.replace('manifest 1', 'manifest 2'), 'MANIFEST:1: syntax: expected muster-manifest 1'],
  [manifest.replace('map popmap', 'map ../x'), 'MANIFEST:2: syntax: expected the name of a map'],
  [manifest.replace('1-7-', '1-07-'), 'MANIFEST:3: syntax: expected a cursor'],
  [manifest.replace(root, sha256('other')), `expected root ${root}`],
  [manifest.replace('entries 0', 'entries 00'), 'MANIFEST:5: syntax: expected entries COUNT'],
  [manifest.replace('entries 0', 'entries 1'), 'expected 0 entries in the shard lines'],
  [manifest.replace('shard 00', 'shard 01'), 'expected shard 00 in its place, found shard 01'],
  [manifest.replace('shard 00 0', 'shard 00  0'), 'MANIFEST:6: syntax: expected shard XX BYTES SHA256 ENTRIES'],
  [manifest + shard, 'expected 1, 256, 1024 shard lines, found 2'],
  [manifest.replace(shard, ''), 'expected 1, 256, 1024 shard lines, found 0'],
])('refuses a manifest out of form (%#) and says where', (text, message) => {
  expect(() => parseManifest(signText(manifest, key), pinned, 'MANIFEST')).not.toThrow()
  expect(() => parseManifest(signText(text, key), pinned, 'MANIFEST')).toThrow(message)
})

const line = (name: string, revision: number): string => `map ${name} 1-${revision}-000000000000000a ${digest}\n`
const head = `muster-head 1\ncursor 1-9-000000000000000a\nissued 2026-11-22T13:00:00Z\n${line('popmap', 9)}${line('userdb', 7)}`
test.each([
  [head.replace('2026-11-22', '2026-02-30'), 'HEAD:3: syntax: expected a time that exists'],
  [head.replace('13:00:00Z', '13:00Z'), 'HEAD:3: syntax: expected issued'],
  [head.replace('map popmap', 'map zone'), 'HEAD:4: syntax: expected the name of a map'],
  [head + line('popmap', 1), 'HEAD:6: syntax: expected maps in ascending byte order'],
  [head.replace('map popmap 1-9', 'map popmap 1-10'), 'HEAD:4: syntax: expected a cursor up to 1-9-'],
])('refuses a HEAD out of form (%#) and says where', (text, message) => {
  expect(parseHead(signText(head, key), pinned, 'HEAD').maps.every((m) => parseMapName(m.map) !== null)).toBe(true)
  expect(() => parseHead(signText(text, key), pinned, 'HEAD')).toThrow(message)
})
