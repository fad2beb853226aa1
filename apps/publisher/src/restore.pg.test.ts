import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderCursor, type Cursor } from '@muster/domain'
import { generateSigningKey, listSnapshots } from '@muster/maptree'
import { openStore, type Store } from '@muster/store'
import { createDatabase, databaseName, testDatabase, type DatabaseCopy } from '@muster/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startPublisher, type Publisher } from './index.js'
import { parsePublishedMap } from './map-set.js'
import {
  actor,
  address,
  differences,
  inodesOf,
  mailbox,
  makeFolder,
  must,
  openSite,
  readHead,
  readPublished,
  renderDirectory,
  silent,
} from './publisher.fixture.js'

const { url } = await testDatabase()
const key = generateSigningKey()
let copies: DatabaseCopy[] = []
let publishDir: string
let publisher: Publisher
let nowMs = Date.parse('2026-11-22T13:00:00Z')

beforeAll(async () => {
  const store = await openSite(url)
  for (let i = 0; i < 4; i++) must(await store.directory.createMailbox(mailbox(`user${i}`), actor))
  await store.close()
})
beforeEach(async () => {
  publishDir = await makeFolder()
})
afterEach(async () => {
  await publisher.stop()
  await rm(publishDir, { recursive: true, force: true })
})
afterAll(async () => {
  for (const copy of copies) await copy.drop()
})

/** What a backup of a database would bring back: a copy of it as it is now. Nobody may be connected to it. */
async function backUp(of: string): Promise<string> {
  const server = new URL(of)
  server.pathname = '/postgres'
  const copy = await createDatabase(server.href, databaseName(), new URL(of).pathname.slice(1))
  copies.push(copy)
  return copy.url
}

async function withStore<T>(databaseUrl: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ databaseUrl })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

async function start(store: Store): Promise<void> {
  const settings = { feed: store.feed, publishDir, signingKey: key, log: silent, intervalMs: 3_600_000, verifyIntervalMs: null }
  publisher = await startPublisher({ ...settings, clock: { now: () => nowMs } })
  await publisher.kick()
}

/** Publishes a database, changes it `changes` times more, publishes that, and returns the cursor that hosts have seen. */
async function publishMore(databaseUrl: string, changes: number): Promise<Cursor> {
  return withStore(databaseUrl, async (store) => {
    await start(store)
    for (let i = 1; i <= changes; i++) must(await store.directory.patchMailbox(address('user1'), { quotaBytes: i }, actor))
    await publisher.kick()
    await publisher.stop()
    return publisher.publishedCursor()!
  })
}

async function change(store: Store, times: number): Promise<void> {
  for (let i = 1; i <= times; i++) must(await store.directory.patchMailbox(address('user2'), { quotaBytes: 1_000 + i }, actor))
}

async function everything(): Promise<string> {
  return JSON.stringify([[...(await inodesOf(publishDir))], await readFile(join(publishDir, 'HEAD'), 'utf8')])
}

test.each([
  ['is behind what hosts have seen', 0],
  ['has the same number by another change', 3],
  ['has passed that number by other changes', 5],
])('a directory restored from a backup that %s publishes nothing until the operator accepts it', async (_, since) => {
  const backup = await backUp(url)
  const seen = await publishMore(await backUp(url), 3)
  await withStore(backup, async (store) => {
    await change(store, since)
    const before = await everything()
    await start(store)
    expect(publisher.state()).toMatchObject({ phase: 'restore_pending', published: seen })
    expect(publisher.state().failure).toContain('muster restore accept')
    nowMs += 600_000
    must(await store.directory.createMailbox(mailbox('afterwards'), actor))
    await publisher.kick()
    await expect(publisher.verifyPublished()).rejects.toThrow(renderCursor(seen))
    expect(await everything()).toBe(before)

    const accepted = await store.acceptRestore(actor)
    await publisher.kick()
    expect(publisher.state()).toMatchObject({ phase: 'current', published: accepted, failure: null })
    expect(differences(await readPublished(publishDir), await renderDirectory(store.feed))).toEqual([])
    const head = await readHead(publishDir, [key])
    expect(head.cursor).toEqual(accepted)
    for (const { map, cursor } of head.maps) {
      expect([map, cursor]).toEqual([map, accepted])
      expect((await listSnapshots(parsePublishedMap(publishDir, map)!.spec)).at(-1)).toEqual(accepted)
    }
    await change(store, 1)
    await publisher.kick()
    expect(publisher.state().phase).toBe('current')
    await publisher.stop()
  })
})

test('a pass that was cut off counts: what hosts may have read from it is not taken back either', async () => {
  const backup = await backUp(url)
  await publishMore(await backUp(url), 3)
  // As if killed before the last step: publisher.json still names a revision that the backup holds, the trees are ahead of it.
  const held = await withStore(backup, (store) => store.directory.getHead())
  await writeFile(join(publishDir, 'publisher.json'), `{"format":1,"cursor":"${renderCursor(held)}"}\n`)
  await withStore(backup, async (store) => {
    await change(store, 9)
    await start(store)
    expect(publisher.state().phase).toBe('restore_pending')
    await publisher.stop()
  })
})

test('losing publisher.json makes no other database pass', async () => {
  const other = await backUp(url)
  await publishMore(await backUp(url), 2)
  await rm(join(publishDir, 'publisher.json'))
  await withStore(other, async (store) => {
    await change(store, 5)
    await start(store)
    expect(publisher.state().phase).toBe('restore_pending')
    await publisher.stop()
  })
})

test('an accepted restore that is itself lost to a restore is noticed too', async () => {
  const first = await backUp(url)
  const second = await backUp(url)
  await publishMore(await backUp(url), 2)
  await withStore(first, async (store) => {
    await store.acceptRestore(actor)
    await start(store)
    expect(publisher.state().phase).toBe('current')
    await publisher.stop()
  })
  await withStore(second, async (store) => {
    await change(store, 20)
    await start(store)
    expect(publisher.state().phase).toBe('restore_pending')
    // The same lineage number, drawn again by another history, is no better.
    await store.acceptRestore(actor)
    await publisher.kick()
    expect(publisher.state().phase).toBe('restore_pending')
    await store.acceptRestore(actor)
    await publisher.kick()
    expect(publisher.state().phase).toBe('current')
    await publisher.stop()
  })
})

test('the directory away and back again is no restore', async () => {
  const database = await backUp(url)
  await publishMore(database, 2)
  await withStore(database, async (store) => {
    await start(store)
    expect(publisher.state().phase).toBe('current')
    await publisher.stop()
  })
})
