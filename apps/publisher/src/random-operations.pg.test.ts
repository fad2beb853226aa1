import { rm } from 'node:fs/promises'
import type { DomainName, StateChange } from '@muster/domain'
import {
  foldDeltas,
  generateSigningKey,
  listDeltas,
  listSnapshots,
  readDelta,
  readEntries,
  readTree,
  snapshotSpec,
  verifyTree,
  type Delta,
  type Tree,
} from '@muster/maptree'
import type { Store } from '@muster/store'
import { testDatabase } from '@muster/testkit'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPublisher, type Publisher } from './index.js'
import { parsePublishedMap } from './map-set.js'
import {
  actor,
  address,
  differences,
  mailbox,
  makeFolder,
  openSite,
  putMailstore,
  readHead,
  readPublished,
  renderDirectory,
  silent,
} from './publisher.fixture.js'

const { url } = await testDatabase()
const key = generateSigningKey()
let store: Store
let publisher: Publisher
let publishDir: string
let nowMs = Date.now() + 60_000

beforeAll(async () => {
  store = await openSite(url)
  await putMailstore(store, 'ms3')
  for (let i = 0; i < 12; i++) await store.directory.createMailbox(mailbox(`user${i}`, { mailstore: `ms${1 + (i % 3)}` }), actor)
  publishDir = await makeFolder()
  const settings = {
    feed: store.feed,
    publishDir,
    signingKey: key,
    log: silent,
    clock: { now: () => nowMs },
    changeLimit: 40,
    // None is taken away while it is being compared; what is kept how long has tests of its own.
    snapshots: { keep: 3, keepMs: 86_400_000 },
  }
  publisher = await startPublisher({ ...settings, intervalMs: 3_600_000, verifyIntervalMs: null })
})
afterAll(async () => {
  await publisher.stop()
  await store.close()
  await rm(publishDir, { recursive: true, force: true })
})

/** One write to the directory; one that it refuses is as good as any other. */
type Operation = (directory: Store['directory']) => Promise<unknown>

const anyName = fc.integer({ min: 0, max: 24 }).map((n) => `user${n}`)
const anyStore = fc.constantFrom('ms1', 'ms2', 'ms3')
const anyChange = fc.constantFrom<StateChange>('suspend', 'resume', 'resume', 'close', 'resume')
const anyHost = fc.integer({ min: 1, max: 9 }).map((n) => `127.0.0.${n}`)

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(anyName, anyStore).map(
      ([name, mailstore]): Operation =>
        (d) =>
          d.createMailbox(mailbox(name, { mailstore }), actor),
    ),
  },
  {
    weight: 3,
    arbitrary: anyName.map(
      (name): Operation =>
        (d) =>
          d.deleteMailbox(address(name), actor),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyName, fc.option(fc.integer({ min: 1, max: 9 }))).map(
      ([name, quotaBytes]): Operation =>
        (d) =>
          d.patchMailbox(address(name), { quotaBytes, services: quotaBytes === null ? ['pop3'] : ['imap'] }, actor),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyName, anyChange).map(
      ([name, change]): Operation =>
        (d) =>
          d.setMailboxState(address(name), change, actor),
    ),
  },
  {
    weight: 1,
    arbitrary: anyChange.map(
      (change): Operation =>
        (d) =>
          d.setDomainState('example.net' as DomainName, change, actor),
    ),
  },
  {
    weight: 1,
    arbitrary: anyChange.map(
      (change): Operation =>
        (d) =>
          d.setCustomerState('C-1001', change, actor),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyStore, anyHost).map(
      ([name, host]): Operation =>
        (d) =>
          d.patchMailstore(name, { host }, actor),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyStore, anyHost).map(
      ([name, host]): Operation =>
        (d) =>
          d.patchMailstore(name, { root: `/${host}` }, actor),
    ),
  },
  {
    weight: 1,
    arbitrary: anyStore.map(
      (name): Operation =>
        (d) =>
          d.deleteMailstore(name, actor),
    ),
  },
  {
    weight: 1,
    arbitrary: anyStore.map(
      (name): Operation =>
        () =>
          putMailstore(store, name),
    ),
  },
)

async function contentOf(tree: Tree): Promise<Map<string, string>> {
  const content = new Map<string, string>()
  for await (const entries of readEntries(tree)) for (const { key: k, line } of entries) content.set(k, line)
  return content
}

/** From every snapshot that is kept, the deltas there are lead to the tree as it is. */
async function expectDeltasLeadHere(map: string): Promise<number> {
  const { spec } = parsePublishedMap(publishDir, map)!
  const tree = (await readTree(spec, [key]))!
  let led = 0
  const chain = (await listDeltas(spec, tree.manifest.cursor)).toReversed()
  for (const cursor of await listSnapshots(spec)) {
    const start = chain.findIndex((delta) => delta.from.revision === cursor.revision)
    if (start < 0) continue
    const deltas = (await Promise.all(chain.slice(start).map((d) => readDelta(spec, d.from)))) as [Delta, ...Delta[]]
    const content = await contentOf((await readTree(snapshotSpec(spec, cursor), [key]))!)
    for (const { key: k, line } of foldDeltas(deltas).changes) {
      if (line === null) content.delete(k)
      else content.set(k, line)
    }
    expect(content).toEqual(await contentOf(tree))
    led++
  }
  return led
}

test('whatever happens to the directory, every published map is a fresh render of it, and so are snapshots with their deltas', async () => {
  let led = 0
  const property = fc.asyncProperty(
    fc.array(fc.array(anyOperation, { minLength: 4, maxLength: 10, size: 'max' }), { minLength: 3, maxLength: 5, size: 'max' }),
    async (batches) => {
      for (const batch of batches) {
        for (const operation of batch) await operation(store.directory)
        nowMs += 3_000
        await publisher.kick()
        expect(publisher.state()).toMatchObject({ phase: 'current', failure: null })
        expect(differences(await readPublished(publishDir), await renderDirectory(store.feed))).toEqual([])
      }
      const head = await readHead(publishDir, [key])
      expect(head.cursor).toEqual(await store.directory.getHead())
      for (const { map, cursor, root } of head.maps) {
        const { spec } = parsePublishedMap(publishDir, map)!
        expect((await readTree(spec, [key]))?.manifest).toMatchObject({ cursor, root })
        expect(await verifyTree(spec, [key])).toEqual([])
        for (const frozen of await listSnapshots(spec)) expect(await verifyTree(snapshotSpec(spec, frozen), [key])).toEqual([])
        led += await expectDeltasLeadHere(map)
      }
    },
  )
  await fc.assert(property, { numRuns: 6, endOnFailure: true })
  expect(led).toBeGreaterThan(0)
  await expect(publisher.verifyPublished()).resolves.toMatchObject({ sound: true })
}, 300_000)
