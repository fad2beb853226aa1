import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listFolder, openSpill, openTree, readEntries, replaceTree, shardOf } from './index.js'
import { cursorAt, entriesOf, inFolder, key, pinned, render, specIn } from './tree.fixture.js'

test('a map larger than its buffers comes back whole and sorted', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    const content = new Map(Array.from({ length: 20_000 }, (_, i) => [`user${(i * 7919) % 20_000}@example.net`, '127.0.0.11']))
    const spill = openSpill(spec, join(folder, 'spill'), 50_000)
    const entries = entriesOf(content)
    for (let i = 0; i < entries.length; i += 1_000) await spill.add(entries.slice(i, i + 1_000))
    expect((await listFolder(join(folder, 'spill'))).length).toBeGreaterThan(0)
    let seen = 0
    for await (const { index, entries: sorted } of spill.shards()) {
      expect(sorted.every((e) => shardOf(e.key, 256) === index)).toBe(true)
      expect(sorted.map((e) => e.key)).toEqual(sorted.map((e) => e.key).toSorted())
      seen += sorted.length
    }
    expect(seen).toBe(20_000)
    await spill.discard()
    expect(await listFolder(folder)).toEqual([])
  }))

test('a small map never touches the disk', () =>
  inFolder(async (folder) => {
    const spill = openSpill(specIn(folder), join(folder, 'spill'), 1_000_000)
    await spill.add(entriesOf(new Map([['a', '1']])))
    expect(await listFolder(folder)).toEqual([])
  }))

test('two entries of one key, and a line that is none, are refused before anything is replaced', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    const { tree } = await render(spec, new Map([['a', '1']]), 1)
    const spill = openSpill(spec, join(folder, 'spill'), 10)
    await spill.add([...entriesOf(new Map([['b', '1']])), ...entriesOf(new Map([['b', '2']]))])
    const replacing = replaceTree(spec, tree, spill.shards(), { cursor: cursorAt(2), key, deltaLimit: 10 })
    await expect(replacing).rejects.toThrow('two entries of the key "b"')
    await expect(spill.add([{ key: 'c', line: 'c:1\nd:1' }])).rejects.toThrow('is not one line of text')
    const entries = []
    for await (const shard of readEntries((await openTree(spec, pinned))!)) entries.push(...shard)
    expect(entries).toEqual([{ key: 'a', line: 'a:1' }])
  }))
