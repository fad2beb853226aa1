import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTree } from '@muster/maptree'
import { afterAll, expect, test } from 'vitest'
import { makeTestFolder } from '../agent.fixture.js'
import { makePublishedFolder, popmapLine, specOf } from '../published.fixture.js'
import { mergeShards, readLinesSync } from './merge-shards.js'

const folder = makeTestFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('gives the entries of all shards in the order of their UTF-8 bytes', async () => {
  // U+FF5E sorts before U+1F600 by bytes and after it by code units.
  const names = [...Array.from({ length: 700 }, (_, n) => `user${n}`), '～', '😀', 'é', 'z', 'A', '~', 'user', 'user0.']
  const published = makePublishedFolder(folder, undefined, 256)
  await published.publish({ popmap: names.map((name) => popmapLine(0).replace('user0', name)) }, { revision: 1 })
  const tree = await readTree(specOf(folder, 'popmap', 256), [published.key])
  if (tree === null) throw new Error('a tree was published')
  const keys = [...mergeShards(tree)].map(({ key }) => key)
  expect(keys).toHaveLength(names.length)
  expect(keys).toEqual(names.map((name) => `${name}@example.net`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
})

test.each([1, 2, 3, 7, 4096])('lines come whole whatever the chunk, here %i bytes', (chunkBytes) => {
  const file = join(folder, 'lines')
  const lines = ['a', 'käse 😀', '', 'x'.repeat(50), 'last']
  writeFileSync(file, `${lines.join('\n')}\n`)
  expect([...readLinesSync(file, chunkBytes)]).toEqual(lines)
  writeFileSync(file, lines.join('\n'))
  expect([...readLinesSync(file, chunkBytes)]).toEqual(lines)
  writeFileSync(file, '')
  expect([...readLinesSync(file, chunkBytes)]).toEqual([])
})
