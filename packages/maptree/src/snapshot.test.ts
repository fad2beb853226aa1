import { link, readFile, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  freezeSnapshot,
  generateSigningKey,
  linkOrCopy,
  listFolder,
  listSnapshots,
  patchTree,
  pruneSnapshots,
  snapshotSpec,
  verifyTree,
  type Tree,
} from './index.js'
import { cursorAt, inFolder, key, lineOf, pinned, render, specIn } from './tree.fixture.js'

async function advance(tree: Tree, revision: number): Promise<Tree> {
  const changes = new Map([['a', lineOf('a', `${revision}`)]])
  return (await patchTree(tree, changes, { cursor: cursorAt(revision), key, deltaLimit: 100 })).tree
}

test('a snapshot stays as it was while the tree moves on, and costs only the shards that changed', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder)
    let { tree } = await render(
      spec,
      new Map([
        ['a', '1'],
        ['b', '1'],
      ]),
      1,
    )
    expect(await freezeSnapshot(tree)).toBe(true)
    expect(await freezeSnapshot(tree)).toBe(false)
    tree = await advance(tree, 2)
    await freezeSnapshot(tree)
    await advance(tree, 3)
    const [one, two] = [snapshotSpec(spec, cursorAt(1)), snapshotSpec(spec, cursorAt(2))]
    expect(await verifyTree(one, pinned)).toEqual([])
    expect(await verifyTree(two, pinned)).toEqual([])
    expect(await readFile(join(one.dir, 'shards', await shardOfA(one.dir)), 'utf8')).toBe('a:1\n')
    const shared = await Promise.all([one, two].map(async (s) => (await stat(join(s.dir, 'shards', '00'))).ino))
    expect(shared[0]).toBe(shared[1])
  }))

async function shardOfA(dir: string): Promise<string> {
  for (const name of await listFolder(join(dir, 'shards'))) {
    if ((await readFile(join(dir, 'shards', name), 'utf8')).startsWith('a:')) return name
  }
  throw new Error('no shard holds a')
}

test('keeps the newest, and those a slow reader may still be reading', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder, 1)
    let { tree } = await render(spec, new Map(), 1)
    for (let revision = 2; revision <= 12; revision++) {
      tree = await advance(tree, revision)
      await freezeSnapshot(tree)
      await utimes(snapshotSpec(spec, cursorAt(revision)).dir, 0, revision * 60)
    }
    await pruneSnapshots(spec, { keep: 2, keepMs: 5 * 60_000 }, 12.5 * 60_000)
    expect((await listSnapshots(spec)).map((c) => c.revision)).toEqual([7, 8, 9, 10, 11, 12])
    await pruneSnapshots(spec, { keep: 2, keepMs: 5 * 60_000 }, 1_000 * 60_000)
    expect((await listSnapshots(spec)).map((c) => c.revision)).toEqual([11, 12])
  }))

test('keeps one that was the newest for long and is followed by many at once: a reader may have begun just before', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder, 1)
    let { tree } = await render(spec, new Map(), 1)
    for (let revision = 2; revision <= 8; revision++) {
      tree = await advance(tree, revision)
      await freezeSnapshot(tree)
      await utimes(snapshotSpec(spec, cursorAt(revision)).dir, 0, revision === 2 ? 0 : 3_600 + revision)
    }
    await pruneSnapshots(spec, { keep: 2, keepMs: 60_000 }, 3_610_000)
    expect((await listSnapshots(spec)).map((c) => c.revision)).toContain(2)
  }))

test('orders by revision, not by name', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder, 1)
    let { tree } = await render(spec, new Map(), 8)
    for (const revision of [9, 10, 11]) {
      tree = await advance(tree, revision)
      await freezeSnapshot(tree)
    }
    await pruneSnapshots(spec, { keep: 1, keepMs: 0 }, Date.now() + 1_000)
    expect((await listSnapshots(spec)).map((c) => c.revision)).toEqual([11])
  }))

test('another signing key renews the snapshot of the same cursor', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder, 1)
    const { tree } = await render(spec, new Map([['a', '1']]), 1)
    await freezeSnapshot(tree)
    const next = generateSigningKey()
    const { renderManifest } = await import('./manifest.js')
    const { replaceFile } = await import('./files.js')
    const manifestText = renderManifest(tree.manifest, next)
    await replaceFile(join(spec.dir, 'MANIFEST'), manifestText, 0o640)
    expect(await freezeSnapshot({ ...tree, manifestText })).toBe(true)
    expect(await verifyTree(snapshotSpec(spec, cursorAt(1)), [next])).toEqual([])
    expect(await listFolder(join(spec.dir, 'snapshots'))).toHaveLength(1)
  }))

test('copies where the file system knows no hard links, and reports any other failure', () =>
  inFolder(async (folder) => {
    const spec = specIn(folder, 1)
    await render(spec, new Map([['a', '1']]), 1)
    const [from, to] = [join(spec.dir, 'shards', '00'), join(folder, 'copy')]
    const refusing =
      (code: string): typeof link =>
      () =>
        Promise.reject(Object.assign(new Error(code), { code }))
    await linkOrCopy(from, to, refusing('EPERM'))
    expect(await readFile(to, 'utf8')).toBe('a:1\n')
    expect((await stat(to)).ino).not.toBe((await stat(from)).ino)
    await expect(linkOrCopy(from, join(folder, 'more'), refusing('EIO'))).rejects.toThrow('EIO')
  }))
