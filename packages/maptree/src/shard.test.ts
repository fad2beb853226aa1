import { compareKeys } from '@muster/maps'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TreeError } from './fault.js'
import { diffShard, parseShard, patchShard, renderShard, SHARD_COUNTS, shardName, shardOf, sortEntries, type ShardPlace } from './shard.js'
import { anyBatch, anyKey, anyValue, applyToModel, entriesOf, lineOf, toChanges } from './tree.fixture.js'

const place: ShardPlace = { file: 'popmap/shards/00', index: 0, shardCount: 1, keyOfLine: (line) => line.slice(0, line.indexOf(':')) }

test('shards a key by FNV-1a of its UTF-8 bytes, folded to the number of shards', () => {
  // FNV-1a of "foobar" is bf9cf968 (the algorithm's published test vector): bf ^ 9c ^ f9 ^ 68 = b2.
  expect(shardOf('foobar', 256)).toBe(0xb2)
  expect(shardOf('', 256)).toBe(0x81 ^ 0x1c ^ 0x9d ^ 0xc5)
  expect(shardOf('foobar', 1024)).toBe((0xbf9cf968 ^ (0xbf9cf968 >>> 10) ^ (0xbf9cf968 >>> 20) ^ (0xbf9cf968 >>> 30)) & 0x3ff)
  expect(shardOf('foobar', 1)).toBe(0)
})

test('hashes the bytes, not the code units', () => {
  const fnv = Buffer.from('zürich@example.net').reduce((h, b) => Math.imul(h ^ b, 0x01000193) >>> 0, 0x811c9dc5)
  expect(shardOf('zürich@example.net', 256)).toBe((fnv ^ (fnv >>> 8) ^ (fnv >>> 16) ^ (fnv >>> 24)) & 0xff)
})

test('spreads addresses evenly', () => {
  for (const count of SHARD_COUNTS) {
    const sizes = Array.from({ length: count }, () => 0)
    for (let i = 0; i < count * 100; i++) sizes[shardOf(`user${i}@example.net`, count)]!++
    expect(Math.max(...sizes)).toBeLessThan(180)
    expect(Math.min(...sizes)).toBeGreaterThan(40)
  }
})

test('names shards by lower-case hex digits', () => {
  expect([shardName(0, 1), shardName(171, 256), shardName(171, 1024), shardName(1023, 1024)]).toEqual(['00', 'ab', '0ab', '3ff'])
})

test('parses what it renders', () => {
  fc.assert(
    fc.property(fc.dictionary(anyKey, anyValue), (content) => {
      const entries = sortEntries(entriesOf(new Map(Object.entries(content))))
      expect(parseShard(renderShard(entries), place)).toEqual(entries)
    }),
  )
})

test('an empty shard is an empty file', () => {
  expect(renderShard([])).toHaveLength(0)
  expect(parseShard(Buffer.alloc(0), place)).toEqual([])
})

test('patching a shard is rendering the changed content', () => {
  fc.assert(
    fc.property(fc.dictionary(anyKey, anyValue), anyBatch, (before, batch) => {
      const entries = sortEntries(entriesOf(new Map(Object.entries(before))))
      const after = new Map(Object.entries(before))
      applyToModel(after, batch)
      const changes = [...toChanges(batch)].map(([k, line]) => ({ key: k, line })).sort((a, b) => compareKeys(a.key, b.key))
      const patch = patchShard(entries, changes)
      expect(patch.entries).toEqual(sortEntries(entriesOf(after)))
      expect(patch.effective).toEqual(diffShard(entries, patch.entries))
    }),
  )
})

test('a change that changes nothing is not effective', () => {
  const entries = [{ key: 'a', line: 'a:1' }]
  const changes = [
    { key: 'a', line: 'a:1' },
    { key: 'b', line: null },
  ]
  expect(patchShard(entries, changes).effective).toEqual([])
})

test('refuses two entries of one key', () => {
  const twice = ['x:1', 'a:1', 'x:2'].map((line) => ({ key: line.slice(0, 1), line }))
  expect(() => sortEntries(twice)).toThrow('two entries of the key "x"')
})

test.each([
  ['a:1', 'popmap/shards/00:1: syntax: expected a newline at the end'],
  ['a:1\n\nb:1\n', 'popmap/shards/00:2: syntax: expected a line of text, found an empty line'],
  ['a:1\nb:\r\n', 'popmap/shards/00:2: syntax: expected a line of text, found a control character'],
  ['b:1\na:1\n', 'popmap/shards/00:2: syntax: expected keys in ascending byte order, each once'],
  ['a:1\na:2\n', 'popmap/shards/00:2: syntax: expected keys in ascending byte order, each once'],
  ['a!:1\na:1\n', 'popmap/shards/00:2: syntax: expected keys in ascending byte order, each once'],
])('refuses %j and says where', (text, message) => {
  expect(() => parseShard(Buffer.from(text), place)).toThrow(message)
})

test('refuses a key that belongs elsewhere, bytes that are no UTF-8, and a line the map kind refuses', () => {
  const line = `${lineOf('foobar', '1')}\n`
  expect(() => parseShard(Buffer.from(line), { ...place, shardCount: 256 })).toThrow('expected a key of shard 0, found one of shard 178')
  expect(() => parseShard(Buffer.from([0x61, 0x3a, 0xff, 0x0a]), place)).toThrow('expected UTF-8')
  const keyOfLine = (): string => {
    throw new Error('there is no colon')
  }
  expect(() => parseShard(Buffer.from('a\n'), { ...place, keyOfLine })).toThrow(TreeError)
  expect(() => parseShard(Buffer.from('a\n'), { ...place, keyOfLine })).toThrow('there is no colon')
})
