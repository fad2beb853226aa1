import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleScript, type BundledScript } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  freezeSnapshot,
  listFolder,
  listSnapshots,
  openTree,
  readDelta,
  readEntries,
  renderSigningKey,
  verifyTree,
  type TreeStep,
} from './index.js'
import { cursorAt, inFolder, key, pinned, render, specIn } from './tree.fixture.js'

let script: BundledScript
beforeAll(async () => {
  script = await bundleScript(new URL('./crash-child.fixture.ts', import.meta.url))
}, 60_000)
afterAll(() => script.remove())

const before = new Map(['a', 'b', 'd', 'x'].map((k) => [k, 'old']))
const linesBefore = ['a:old', 'b:old', 'd:old', 'x:old']
const linesAfter = ['a:new', 'b:new', 'c:new', 'x:old']

async function workOn(folder: string): Promise<void> {
  const { tree } = await render(specIn(folder), before, 1)
  await freezeSnapshot(tree)
  await writeFile(join(folder, 'key.pem'), renderSigningKey(key), { mode: 0o600 })
}

function run(folder: string, step: string, times: number) {
  return spawnSync(process.execPath, [script.file, folder, join(folder, 'key.pem'), step, String(times)], { encoding: 'utf8' })
}

async function linesOf(folder: string): Promise<string[]> {
  const tree = await openTree(specIn(folder), pinned)
  const lines: string[] = []
  for await (const shard of readEntries(tree!)) lines.push(...shard.map((entry) => entry.line))
  return lines.sort()
}

const undone: [TreeStep, number][] = [
  ['shard-staged', 1],
  ['shard-staged', 3],
  ['stage-complete', 1],
]
test.each(undone)('killed at %s %i the tree is the old one', (step, times) =>
  inFolder(async (folder) => {
    await workOn(folder)
    expect(run(folder, step, times)).toMatchObject({ signal: 'SIGKILL' })
    expect(await linesOf(folder)).toEqual(linesBefore)
    expect(await verifyTree(specIn(folder), pinned)).toEqual([])
    expect(await listFolder(specIn(folder).dir)).toEqual(['MANIFEST', 'shards', 'snapshots'])
  }),
)

const done: [TreeStep, number][] = [
  ['stage-certain', 1],
  ['shard-renamed', 1],
  ['shard-renamed', 2],
  ['shard-renamed', 4],
  ['shards-renamed', 1],
  ['deltas-renamed', 1],
  ['manifest-renamed', 1],
]
test.each(done)('killed at %s %i the tree is the new one, with its delta', (step, times) =>
  inFolder(async (folder) => {
    await workOn(folder)
    expect(run(folder, step, times)).toMatchObject({ signal: 'SIGKILL' })
    expect(await linesOf(folder)).toEqual(linesAfter)
    expect(await verifyTree(specIn(folder), pinned)).toEqual([])
    expect((await readDelta(specIn(folder), cursorAt(1)))?.to).toEqual(cursorAt(2))
    expect(await listFolder(join(specIn(folder).dir, '.aside'))).toEqual([])
  }),
)

test('killed again while it recovers, the next one finishes', () =>
  inFolder(async (folder) => {
    await workOn(folder)
    for (const step of ['stage-certain', 'shard-renamed', 'shards-renamed', 'deltas-renamed']) {
      expect(run(folder, step, 1)).toMatchObject({ signal: 'SIGKILL' })
    }
    expect(run(folder, 'never', 1)).toMatchObject({ status: 0, stdout: 'done\n' })
    expect(await linesOf(folder)).toEqual(linesAfter)
    expect((await listSnapshots(specIn(folder))).map((c) => c.revision)).toEqual([2])
  }))

test.each(['snapshot-linked', 'snapshot-renamed', 'snapshot-pruned'])('killed at %s every snapshot is whole or absent', (step) =>
  inFolder(async (folder) => {
    await workOn(folder)
    expect(run(folder, step, 1)).toMatchObject({ signal: 'SIGKILL' })
    const spec = specIn(folder)
    for (const { revision } of await listSnapshots(spec)) {
      const dir = join(
        spec.dir,
        'snapshots',
        (await listFolder(join(spec.dir, 'snapshots'))).find((n) => n.startsWith(`1-${revision}-`))!,
      )
      expect(await verifyTree({ ...spec, dir }, pinned)).toEqual([])
    }
    expect(run(folder, 'never', 1)).toMatchObject({ status: 0 })
    expect(await listFolder(join(spec.dir, 'snapshots'))).toHaveLength(1)
  }),
)
