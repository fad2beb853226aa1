import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateSigningKey, listFolder, listSnapshots, readTree, renderSigningKey, snapshotSpec, verifyTree } from '@muster/maptree'
import type { Store } from '@muster/store'
import { bundleScript, testDatabase, type BundledScript } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPublisher, type Publisher } from './index.js'
import { parsePublishedMap } from './map-set.js'
import {
  actor,
  address,
  differences,
  inFolder,
  listMaps,
  mailbox,
  makeFolder,
  must,
  openSite,
  putMailstore,
  readHead,
  readPublished,
  renderDirectory,
  silent,
} from './publisher.fixture.js'
import type { AtPublishStep, PublishStep } from './steps.js'

const { url } = await testDatabase()
const key = generateSigningKey()
let script: BundledScript
let store: Store
let number = 0
/** One folder lives through all kills but those of a first pass. */
let lasting: string

beforeAll(async () => {
  script = await bundleScript(new URL('./crash-child.fixture.ts', import.meta.url))
  store = await openSite(url)
  for (let i = 0; i < 6; i++) must(await store.directory.createMailbox(mailbox(`old${i}`, { mailstore: `ms${1 + (i % 2)}` }), actor))
  lasting = await makeFolder()
  await writeFile(join(lasting, 'publisher.key'), renderSigningKey(key), { mode: 0o600 })
  await restartAndCompare(join(lasting, 'publish'))
}, 60_000)
afterAll(async () => {
  await rm(lasting, { recursive: true, force: true })
  await script.remove()
  await store.close()
})

interface Ended {
  readonly signal: string | null
  readonly stdout: string
}

function publishAndDie(publishDir: string, step: PublishStep, times: number): Promise<Ended> {
  const keyFile = join(publishDir, '..', 'publisher.key')
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script.file, url, publishDir, keyFile, step, String(times)], (_, stdout) => {
      resolve({ signal: child.signalCode, stdout })
    })
  })
}

/** Something of everything: patched maps, maps rendered whole, one that goes and one that comes. */
async function changeTheDirectory(): Promise<void> {
  number++
  must(await store.directory.createMailbox(mailbox(`new${number}`), actor))
  must(await store.directory.patchMailbox(address('old1'), { quotaBytes: number }, actor))
  await store.directory.deleteMailstore(`extra${number - 1}`, actor)
  await putMailstore(store, `extra${number}`)
  must(await store.directory.patchMailstore('ms2', { host: `127.0.1.${number % 250}` }, actor))
  must(await store.directory.putHost({ name: 'pop1', roles: number % 2 ? ['proxy'] : ['webmail', 'mx'], mailstores: [] }, actor))
}

/** What hosts may read at any moment, also while the publisher lies dead: whole snapshots and a HEAD, all signed. */
async function expectReadable(publishDir: string): Promise<void> {
  for (const name of await listMaps(publishDir)) {
    const { spec } = parsePublishedMap(publishDir, name)!
    for (const cursor of await listSnapshots(spec)) expect(await verifyTree(snapshotSpec(spec, cursor), [key])).toEqual([])
    await readTree(spec, [key])
  }
  if ((await listFolder(publishDir)).includes('HEAD')) await readHead(publishDir, [key])
}

function start(publishDir: string, at: AtPublishStep = () => {}): Promise<Publisher> {
  const settings = { feed: store.feed, publishDir, signingKey: key, log: silent, intervalMs: 3_600_000, verifyIntervalMs: null }
  return startPublisher({ ...settings, at, snapshots: { keep: 1, keepMs: 0 }, clock: { now: () => Date.now() + 60_000 } })
}

async function restartAndCompare(publishDir: string): Promise<void> {
  const publisher = await start(publishDir)
  await publisher.kick()
  expect(publisher.state()).toMatchObject({ phase: 'current', failure: null })
  await publisher.stop()
  await expectConverged(publishDir)
}

async function expectConverged(publishDir: string): Promise<void> {
  expect(differences(await readPublished(publishDir), await renderDirectory(store.feed))).toEqual([])
  const head = await readHead(publishDir, [key])
  expect(head.cursor).toEqual(await store.directory.getHead())
  expect(head.maps.map((map) => map.map)).toEqual(await listMaps(publishDir))
  for (const { map, cursor, root } of head.maps) {
    const { spec } = parsePublishedMap(publishDir, map)!
    expect((await readTree(spec, [key]))?.manifest).toMatchObject({ cursor, root })
    expect(await verifyTree(spec, [key])).toEqual([])
    expect((await listFolder(spec.dir)).filter((name) => name.startsWith('.'))).toEqual([])
  }
  expect((await listFolder(publishDir)).filter((name) => name.startsWith('.') && name !== '.scratch')).toEqual([])
}

const first: [PublishStep, number][] = [
  ['shard-staged', 700],
  ['stage-certain', 3],
  ['shard-renamed', 900],
  ['snapshot-linked', 2],
  ['head-written', 1],
]

const steps: [PublishStep, number][] = [
  ['shard-staged', 1],
  ['shard-staged', 300],
  ['stage-complete', 1],
  ['stage-certain', 1],
  ['stage-certain', 4],
  ['shard-renamed', 1],
  ['shard-renamed', 200],
  ['shards-renamed', 3],
  ['deltas-renamed', 2],
  ['manifest-renamed', 1],
  ['map-published', 1],
  ['map-published', 5],
  ['maps-published', 1],
  ['snapshot-linked', 1],
  ['snapshot-renamed', 2],
  ['snapshot-pruned', 1],
  ['snapshots-frozen', 1],
  ['rsyncd-written', 1],
  ['head-written', 1],
  ['state-written', 1],
]

test.each(first)('killed at %s %i of the very first pass, the next start finishes it', (step, times) =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'publisher.key'), renderSigningKey(key), { mode: 0o600 })
    expect(await publishAndDie(join(folder, 'publish'), step, times)).toMatchObject({ signal: 'SIGKILL' })
    await expectReadable(join(folder, 'publish'))
    await restartAndCompare(join(folder, 'publish'))
  }),
)

test.each(steps)('killed at %s %i, the next start publishes what a fresh render gives', async (step, times) => {
  const publishDir = join(lasting, 'publish')
  await changeTheDirectory()
  expect(await publishAndDie(publishDir, step, times)).toMatchObject({ signal: 'SIGKILL' })
  await expectReadable(publishDir)
  // At times the directory has moved on before the next start.
  if (number % 4 === 0) must(await store.directory.patchMailbox(address('old2'), { quotaBytes: number }, actor))
  await restartAndCompare(publishDir)
})

test('a pass that fails half-way in a living process is taken up from the folder', () =>
  inFolder(async (folder) => {
    let failing = true
    const publisher = await start(join(folder, 'publish'), (step) => {
      if (failing && step === 'shard-renamed') throw new Error('ENOSPC: no space left on device')
    })
    await publisher.kick()
    expect(publisher.state()).toMatchObject({ phase: 'failing', failure: 'ENOSPC: no space left on device' })
    failing = false
    await publisher.kick()
    expect(publisher.state()).toMatchObject({ phase: 'current', failure: null })
    await expectConverged(join(folder, 'publish'))
    await publisher.stop()
  }))
