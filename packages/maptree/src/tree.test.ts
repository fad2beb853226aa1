import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '@muster/maps'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  adoptTree,
  applyDelta,
  diffTrees,
  findDelta,
  foldDeltas,
  listDeltas,
  listFolder,
  openTree,
  patchTree,
  pruneDeltas,
  readDelta,
  readEntries,
  readTree,
  renderShard,
  shardOf,
  verifyTree,
  type Delta,
  type ShardCount,
  type Tree,
  type TreeSpec,
} from './index.js'
import { anyBatch, applyToModel, cursorAt, entriesOf, inFolder, key, pinned, render, specIn, toChanges } from './tree.fixture.js'

/** Every file of a tree and its shards, so that two trees can be compared byte for byte. */
async function bytesOf(spec: TreeSpec): Promise<Map<string, string>> {
  const names = ['MANIFEST', ...(await listFolder(join(spec.dir, 'shards'))).map((name) => join('shards', name))]
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(spec.dir, name), 'utf8')] as const)))
}

async function entriesIn(tree: Tree): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const shard of readEntries(tree)) entries.push(...shard)
  return entries
}

function patch(tree: Tree, batch: ReadonlyMap<string, string | null>, revision: number) {
  return patchTree(tree, toChanges(batch), { cursor: cursorAt(revision), key, deltaLimit: 1_000 })
}

test.each([1, 256, 1024] as const)(
  'a patched tree is a fresh render, byte for byte, and so are base and deltas (%i shards)',
  async (count: ShardCount) => {
    const property = fc.asyncProperty(fc.array(anyBatch, { minLength: 1, maxLength: 6 }), (batches) =>
      inFolder(async (folder) => {
        const spec = specIn(join(folder, 'a'), count)
        const model = new Map([['tevie@example.net', '127.0.0.11']])
        let { tree } = await render(spec, model, 1)
        const base = await entriesIn(tree)
        let last = 1
        for (const [i, batch] of batches.entries()) {
          applyToModel(model, batch)
          const step = await patch(tree, batch, i + 2)
          tree = step.tree
          if (step.changed) last = i + 2
          const fresh = specIn(join(folder, `fresh-${i}`), count)
          await render(fresh, model, last)
          expect(await bytesOf(spec)).toEqual(await bytesOf(fresh))
        }
        expect(await openTree(spec, pinned)).toEqual(tree)
        expect(await verifyTree(spec, pinned)).toEqual([])
        expect(await foldOnto(base, spec, tree)).toEqual(await entriesIn(tree))
      }),
    )
    await fc.assert(property, { numRuns: { 1: 10, 256: 10, 1024: 2 }[count] })
  },
  60_000,
)

/** Base and folded deltas, applied as an agent would. */
async function foldOnto(base: readonly Entry[], spec: TreeSpec, tree: Tree): Promise<Entry[]> {
  const content = new Map(base.map((entry) => [entry.key, entry.line]))
  const deltas: Delta[] = []
  for (const name of (await listDeltas(spec, tree.manifest.cursor)).toReversed()) deltas.push((await readDelta(spec, name.from))!)
  const [first, ...rest] = deltas
  const changes = first === undefined ? [] : foldDeltas([first, ...rest]).changes
  applyToModel(content, new Map(changes.map((c) => [c.key, c.line])))
  const inOrder = (a: Entry, b: Entry): number =>
    shardOf(a.key, tree.manifest.shards.length as ShardCount) - shardOf(b.key, tree.manifest.shards.length as ShardCount) ||
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))
  return [...content].map(([k, line]) => ({ key: k, line })).sort(inOrder)
}

test('a copy that applies each delta is the same tree, byte for byte', () =>
  inFolder(async (folder) => {
    const spec = specIn(join(folder, 'publisher'))
    const copy = specIn(join(folder, 'agent'))
    let { tree } = await render(spec, new Map([['a', '1']]), 1)
    await cp(spec.dir, copy.dir, { recursive: true })
    let mine = (await readTree(copy, pinned))!
    for (const [revision, batch] of [
      [4, { a: '2', b: '1' }],
      [5, { a: null }],
      [9, { c: '3' }],
    ] as const) {
      tree = (await patch(tree, new Map(Object.entries(batch)), revision)).tree
      const delta = (await readDelta(spec, mine.manifest.cursor))!
      mine = await applyDelta(mine, delta, tree.manifestText, pinned)
    }
    expect(await bytesOf(copy)).toEqual(await bytesOf(spec))
  }))

test('a delta that does not fit the tree, or not the signed manifest, leaves the tree as it was', () =>
  inFolder(async (folder) => {
    const spec = specIn(join(folder, 'publisher'))
    const { tree: one } = await render(spec, new Map([['a', '1']]), 1)
    await cp(spec.dir, join(folder, 'agent', 'popmap'), { recursive: true })
    const mine = (await readTree(specIn(join(folder, 'agent')), pinned))!
    const { tree: two } = await patch(one, new Map([['b', '1']]), 2)
    const { tree: three } = await patch(two, new Map([['c', '1']]), 3)
    const [first, second] = [(await readDelta(spec, cursorAt(1)))!, (await readDelta(spec, cursorAt(2)))!]
    await expect(applyDelta(mine, second, three.manifestText, pinned)).rejects.toThrow('delta_out_of_place')
    await expect(applyDelta(mine, first, three.manifestText, pinned)).rejects.toThrow('delta_out_of_place')
    const forged = { ...first, changes: [{ key: 'b', line: 'b:evil' }] }
    await expect(applyDelta(mine, forged, two.manifestText, pinned)).rejects.toThrow('delta_root')
    expect(await verifyTree(mine.spec, pinned)).toEqual([])
    expect((await openTree(mine.spec, pinned))?.manifest.cursor).toEqual(cursorAt(1))
  }))

test('a change touches the shards of its keys and no other file', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    const model = new Map(Array.from({ length: 2_000 }, (_, i) => [`user${i}@example.net`, '127.0.0.11']))
    const { tree } = await render(spec, model, 1)
    const before = await inodesOf(spec)
    await patch(
      tree,
      new Map([
        ['user7@example.net', '127.0.0.12'],
        ['nobody@example.net', null],
      ]),
      2,
    )
    const touched = [...(await inodesOf(spec))].filter(([name, inode]) => before.get(name) !== inode).map(([name]) => name)
    expect(touched).toEqual([shardOf('user7@example.net', 256).toString(16).padStart(2, '0')])
  }))

test('a change that makes no difference leaves the disk and the cursor alone', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    const { tree } = await render(spec, new Map([['a', '1']]), 1)
    const before = await stat(join(spec.dir, 'MANIFEST'))
    const step = await patch(
      tree,
      new Map([
        ['a', '1'],
        ['b', null],
      ]),
      2,
    )
    expect(step).toEqual({ tree, changed: false })
    expect((await stat(join(spec.dir, 'MANIFEST'))).ino).toBe(before.ino)
    const again = await render(spec, new Map([['a', '1']]), 3, tree)
    expect(again).toEqual({ tree, changed: false })
    expect((await stat(join(spec.dir, 'MANIFEST'))).ino).toBe(before.ino)
  }))

test('a whole render writes only what differs, and gives a delta', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    const { tree } = await render(
      spec,
      new Map([
        ['a', '1'],
        ['b', '1'],
      ]),
      1,
    )
    const before = await inodesOf(spec)
    await render(
      spec,
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
      2,
      tree,
    )
    const after = await inodesOf(spec)
    expect([...after].filter(([name, inode]) => before.get(name) !== inode)).toHaveLength(1)
    expect((await readDelta(spec, cursorAt(1)))?.changes).toEqual([{ key: 'b', line: 'b:2' }])
  }))

test('a whole render mends a damaged shard without changing the cursor', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    const model = new Map([
      ['a', '1'],
      ['b', '1'],
    ])
    const { tree } = await render(spec, model, 1)
    const shard = join(spec.dir, 'shards', shardOf('a', 256).toString(16).padStart(2, '0'))
    await writeFile(shard, 'a:x\n')
    await expect(patch(tree, new Map([['a', '2']]), 2)).rejects.toThrow('shard_sha256')
    const mended = await render(spec, model, 2, tree)
    expect(mended.changed).toBe(false)
    expect(mended.tree.manifest.cursor).toEqual(cursorAt(1))
    expect(await readFile(shard, 'utf8')).toBe('a:1\n')
  }))

test('a step with more changes than a delta is good for ends the chain', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    let { tree } = await render(spec, new Map([['a', '1']]), 1)
    tree = (await patch(tree, new Map([['b', '1']]), 2)).tree
    expect(await findDelta(spec, cursorAt(1))).not.toBeNull()
    const many = new Map(Array.from({ length: 11 }, (_, i) => [`k${i}`, 'v']))
    await patchTree(tree, toChanges(many), { cursor: cursorAt(3), key, deltaLimit: 10 })
    expect(await listFolder(join(spec.dir, 'deltas'))).toEqual([])
  }))

test('keeps the newest deltas that lead to where the tree is', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    let { tree } = await render(spec, new Map(), 1)
    for (let revision = 2; revision <= 8; revision++) tree = (await patch(tree, new Map([['a', `${revision}`]]), revision)).tree
    const stray = join(spec.dir, 'deltas', '1-1-00000000000000ff..1-3-00000000000000ff')
    await writeFile(stray, '')
    await pruneDeltas(spec, cursorAt(8), { keep: 3, keepBytes: 10_000, slack: 4 })
    expect((await listDeltas(spec, cursorAt(8))).map((d) => d.from.revision)).toEqual([7, 6, 5])
    expect(await listFolder(join(spec.dir, 'deltas'))).toHaveLength(3)
    const { size } = await stat((await findDelta(spec, cursorAt(7)))!)
    await pruneDeltas(spec, cursorAt(8), { keep: 2, keepBytes: 1 * size, slack: 0 })
    expect((await listDeltas(spec, cursorAt(8))).map((d) => d.from.revision)).toEqual([7])
  }))

test('another shard count makes the tree anew and leaves no old shard behind', () =>
  inFolder(async (folder) => {
    const model = new Map([
      ['a', '1'],
      ['b', '1'],
    ])
    const { tree } = await render(specIn(folder, 1024), model, 1)
    const { tree: smaller } = await render(specIn(folder, 256), model, 2, tree)
    expect(await listFolder(join(smaller.spec.dir, 'shards'))).toHaveLength(256)
    expect(await verifyTree(smaller.spec, pinned)).toEqual([])
  }))

test('an agent takes over only the shards that differ, and nothing that is not as signed', () =>
  inFolder(async (folder) => {
    const theirs = specIn(join(folder, 'publisher'))
    const { tree: one } = await render(
      theirs,
      new Map([
        ['a', '1'],
        ['b', '1'],
      ]),
      1,
    )
    const mine = specIn(join(folder, 'agent'))
    const fetchShard = (index: number) => readFile(join(theirs.dir, 'shards', index.toString(16).padStart(2, '0')))
    const first = await adoptTree(mine, null, one.manifestText, pinned, fetchShard)
    const { tree: two } = await patch(one, new Map([['a', '2']]), 2)
    const fetched: number[] = []
    const noting = (index: number) => (fetched.push(index), fetchShard(index))
    const lying = () => Promise.resolve(renderShard(entriesOf(new Map([['a', '3']]))))
    await expect(adoptTree(mine, first, two.manifestText, pinned, lying)).rejects.toThrow('shard_sha256')
    expect(await verifyTree(mine, pinned)).toEqual([])
    const second = await adoptTree(mine, first, two.manifestText, pinned, noting)
    expect(fetched).toEqual([shardOf('a', 256)])
    expect(await bytesOf(mine)).toEqual(await bytesOf(theirs))
    expect(second.manifest).toEqual(two.manifest)
  }))

test('tells what turns one tree into another', () =>
  inFolder(async (folder) => {
    const { tree: before } = await render(
      specIn(join(folder, 'x')),
      new Map([
        ['a', '1'],
        ['b', '1'],
        ['c', '1'],
      ]),
      1,
    )
    const { tree: after } = await render(
      specIn(join(folder, 'y')),
      new Map([
        ['a', '1'],
        ['b', '2'],
        ['d', '1'],
      ]),
      2,
    )
    const changes = []
    for await (const ofShard of diffTrees(before, after)) changes.push(...ofShard)
    expect(changes.sort((x, y) => (x.key < y.key ? -1 : 1))).toEqual([
      { key: 'b', line: 'b:2' },
      { key: 'c', line: null },
      { key: 'd', line: 'd:1' },
    ])
  }))

test('verify finds any flipped byte, a missing shard and a stranger, and names each file', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder, 1)
    await render(
      spec,
      new Map([
        ['a', '1'],
        ['b', '22'],
      ]),
      1,
    )
    const shard = join(spec.dir, 'shards', '00')
    const good = await readFile(shard)
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good)
      bad[at]! ^= 1
      await writeFile(shard, bad)
      const [fault] = await verifyTree(spec, pinned)
      expect(fault, `byte ${at}`).toMatchObject({ code: 'shard_sha256', file: shard })
    }
    await writeFile(shard, good.subarray(0, 4))
    expect(await verifyTree(spec, pinned)).toMatchObject([{ code: 'shard_bytes', file: shard, expected: '9 bytes', found: '4 bytes' }])
    await writeFile(shard, good)
    await writeFile(join(spec.dir, 'shards', 'notes'), 'x')
    expect(await verifyTree(spec, pinned)).toMatchObject([{ code: 'file_unexpected', file: join(spec.dir, 'shards', 'notes') }])
    await expect(verifyTree({ ...spec, dir: join(folder, 'nowhere') }, pinned)).resolves.toMatchObject([{ code: 'manifest_missing' }])
  }))

test('a manifest of another map is not this tree', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    await render(spec, new Map(), 1)
    const other = { ...spec, map: 'userdb' }
    await expect(readTree(other, pinned)).rejects.toThrow('manifest_of_another_map')
  }))

test('maps with secrets are for the owner alone, others for the group too', () =>
  inFolder(async (folder) => {
    for (const [secret, modes] of [
      [true, [0o700, 0o700, 0o600, 0o600]],
      [false, [0o750, 0o750, 0o640, 0o640]],
    ] as const) {
      const spec = { ...specIn(join(folder, String(secret))), secret }
      await mkdir(join(folder, String(secret)))
      await render(spec, new Map([['a', '1']]), 1)
      const paths = ['.', 'shards', 'MANIFEST', join('shards', '00')]
      expect(await Promise.all(paths.map(async (path) => (await stat(join(spec.dir, path))).mode & 0o777))).toEqual(modes)
    }
  }))

async function inodesOf(spec: TreeSpec): Promise<Map<string, string>> {
  const shards = join(spec.dir, 'shards')
  const names = await listFolder(shards)
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const { ino, mtimeMs } = await stat(join(shards, name))
        return [name, `${ino} ${mtimeMs}`] as const
      }),
    ),
  )
}
