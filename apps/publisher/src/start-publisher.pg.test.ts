import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderCursor } from '@muster/domain'
import {
  freezeSnapshot,
  generateSigningKey,
  listFolder,
  listSnapshots,
  patchTree,
  readDelta,
  readTree,
  shardName,
  shardOf,
  snapshotSpec,
  verifyTree,
} from '@muster/maptree'
import type { Feed, Store } from '@muster/store'
import { testDatabase } from '@muster/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { publishedMap } from './map-set.js'
import { startPublisher } from './index.js'
import type { PublishedEvent, Publisher, PublisherOptions } from './publisher.js'
import {
  actor,
  address,
  differences,
  inodesOf,
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

const { url } = await testDatabase()
const signingKey = generateSigningKey()
const WAIT = { timeout: 30_000, interval: 100 }
let store: Store
let publishDir: string
let publisher: Publisher
let events: PublishedEvent[]
let nowMs = Date.parse('2026-11-22T13:00:00Z')

beforeAll(async () => {
  store = await openSite(url)
  for (let i = 0; i < 40; i++) must(await store.directory.createMailbox(mailbox(`user${i}`, { mailstore: `ms${1 + (i % 2)}` }), actor))
})
afterAll(() => store.close())
beforeEach(async () => {
  publishDir = await makeFolder()
  publisher = await start()
  await publisher.kick()
})
afterEach(async () => {
  await publisher.stop()
  await rm(publishDir, { recursive: true, force: true })
})

function start(more: Partial<PublisherOptions> = {}): Promise<Publisher> {
  events = []
  return startPublisher({
    feed: store.feed,
    publishDir,
    signingKey,
    log: silent,
    clock: { now: () => nowMs },
    intervalMs: 3_600_000,
    verifyIntervalMs: null,
    onPublished: (event) => events.push(event),
    ...more,
  })
}

async function expectFresh(): Promise<void> {
  expect(publisher.state()).toMatchObject({ phase: 'current', failure: null })
  expect(differences(await readPublished(publishDir), await renderDirectory(store.feed))).toEqual([])
  for (const name of await listMaps(publishDir)) {
    const [kind, mailstore] = name.split('@') as ['userdb', string | undefined]
    expect(await verifyTree(publishedMap(publishDir, { kind, mailstore: mailstore ?? null }).spec, [signingKey])).toEqual([])
  }
}

const shardFile = (map: string, localpart: string): string => `${map}/${shardName(shardOf(address(localpart), 256), 256)}`

test('the first pass renders the whole directory, signed, with a snapshot of every map', async () => {
  await expectFresh()
  const maps = ['dovecot-passwd', 'dovecot-passwd@ms1', 'dovecot-passwd@ms2', 'popmap', 'userdb', 'userdb@ms1', 'userdb@ms2']
  expect(events).toMatchObject([{ maps }])
  const head = await readHead(publishDir, [signingKey])
  const cursor = await store.directory.getHead()
  expect(head).toMatchObject({ cursor, issued: new Date(nowMs) })
  expect(head.maps.map((map) => map.map)).toEqual(maps)
  expect(publisher.publishedCursor()).toEqual(cursor)
  for (const map of publisher.maps()) {
    expect(await listFolder(join(publishDir, map.map, 'snapshots'))).toEqual([renderCursor(map.cursor)])
  }
})

test('a changed mailbox touches its shard of its maps and no other file', async () => {
  const before = await inodesOf(publishDir)
  must(await store.directory.patchMailbox(address('user1'), { quotaBytes: 5_000_000 }, actor))
  await publisher.kick()
  await expectFresh()
  const touched = differences(before, await inodesOf(publishDir))
  const maps = ['dovecot-passwd', 'dovecot-passwd@ms2', 'userdb', 'userdb@ms2']
  expect(touched).toEqual(maps.map((map) => shardFile(map, 'user1')).sort())
  expect(events.at(-1)).toMatchObject({ maps })
})

test('a map that a change does not concern keeps its cursor, and HEAD still says how far the directory is', async () => {
  const popmap = () => publisher.maps().find((map) => map.map === 'popmap')?.cursor
  const before = popmap()
  must(await store.directory.patchMailbox(address('user1'), { quotaBytes: 6_000_000 }, actor))
  await publisher.kick()
  expect(popmap()).toEqual(before)
  must(await store.directory.putCustomer({ customerId: 'C-1002', name: 'No mail' }, actor))
  const told = events.length
  await publisher.kick()
  expect(events).toHaveLength(told)
  expect((await readHead(publishDir, [signingKey])).cursor).toEqual(await store.directory.getHead())
})

test('each step has a delta, and only of the maps that changed', async () => {
  const from = publisher.maps().find((map) => map.map === 'userdb@ms1')?.cursor
  must(await store.directory.deleteMailbox(address('user2'), actor))
  must(await store.directory.createMailbox(mailbox('newcomer'), actor))
  await publisher.kick()
  const { spec } = publishedMap(publishDir, { kind: 'userdb', mailstore: 'ms1' })
  const delta = await readDelta(spec, from!)
  expect(delta?.changes.map((c) => [c.key, c.line !== null])).toEqual([
    [address('newcomer'), true],
    [address('user2'), false],
  ])
  expect(await listFolder(join(publishDir, 'userdb@ms2', 'deltas'))).toEqual([])
})

test('a mailstore of another address makes the popmap anew, and of another root the maps that hold paths', async () => {
  const before = await inodesOf(publishDir)
  must(await store.directory.patchMailstore('ms1', { host: 'store-one.example.net' }, actor))
  await publisher.kick()
  await expectFresh()
  expect(new Set(differences(before, await inodesOf(publishDir)).map((file) => file.split('/')[0]))).toEqual(new Set(['popmap']))
  must(await store.directory.patchMailstore('ms1', { root: '/volumes/one' }, actor))
  await publisher.kick()
  await expectFresh()
  expect(events.at(-1)?.maps).toEqual(['dovecot-passwd', 'dovecot-passwd@ms1', 'userdb', 'userdb@ms1'])
})

test('a new mailstore gets its maps, one that is gone loses them', async () => {
  await putMailstore(store, 'ms9')
  await publisher.kick()
  await expectFresh()
  expect(await listMaps(publishDir)).toContain('userdb@ms9')
  must(await store.directory.deleteMailstore('ms9', actor))
  await publisher.kick()
  await expectFresh()
  expect(await listMaps(publishDir)).not.toContain('userdb@ms9')
  expect((await readHead(publishDir, [signingKey])).maps.map((map) => map.map)).not.toContain('userdb@ms9')
})

test('a suspended customer takes every mailbox along, in one revision', async () => {
  must(await store.directory.setCustomerState('C-1001', 'suspend', actor))
  await publisher.kick()
  await expectFresh()
  const userdb = [...(await readPublished(publishDir))].filter(([file]) => file.startsWith('userdb/'))
  expect(userdb.some(([, text]) => text.includes('user1@'))).toBe(true)
  expect(userdb.some(([, text]) => text.includes('pw='))).toBe(false)
  must(await store.directory.setCustomerState('C-1001', 'resume', actor))
  await publisher.kick()
  await expectFresh()
})

test('too many changes for a patch are one whole render, with the same result', async () => {
  await publisher.stop()
  publisher = await start({ changeLimit: 3 })
  for (let i = 0; i < 6; i++) must(await store.directory.createMailbox(mailbox(`bulk${i}`), actor))
  await publisher.kick()
  await expectFresh()
  expect(events.at(-1)?.maps).toEqual(['dovecot-passwd', 'dovecot-passwd@ms1', 'popmap', 'userdb', 'userdb@ms1'])
})

test('after a restart it goes on from the folder, and touches nothing that is right', async () => {
  await publisher.stop()
  const before = await inodesOf(publishDir)
  publisher = await start()
  await publisher.kick()
  expect(differences(before, await inodesOf(publishDir))).toEqual([])
  expect(events).toEqual([])
  must(await store.directory.patchMailbox(address('user3'), { quotaBytes: 7_000_000 }, actor))
  await publisher.kick()
  await expectFresh()
})

test.each(['publisher.json', 'HEAD', 'popmap/MANIFEST', 'userdb/shards/00'])('a folder that lost %s is made whole again', async (file) => {
  await publisher.stop()
  await rm(join(publishDir, file))
  publisher = await start()
  await publisher.kick()
  await publisher.verifyPublished()
  await publisher.kick()
  await expectFresh()
  await expect(stat(join(publishDir, file))).resolves.toBeDefined()
})

test('another signing key signs everything anew', async () => {
  await publisher.stop()
  const next = generateSigningKey()
  publisher = await start({ signingKey: next })
  await publisher.kick()
  expect((await readHead(publishDir, [next])).maps).toHaveLength(7)
  for (const map of publisher.maps()) {
    const spec = publishedMap(publishDir, { kind: map.map.split('@')[0] as 'userdb', mailstore: map.map.split('@')[1] ?? null }).spec
    expect(await verifyTree(spec, [next])).toEqual([])
    const [cursor] = await listSnapshots(spec)
    expect(await verifyTree({ ...spec, dir: join(spec.dir, 'snapshots', renderCursor(cursor!)) }, [next])).toEqual([])
  }
})

test('HEAD is renewed each minute, and not before', async () => {
  const issued = async () => (await readHead(publishDir, [signingKey])).issued.getTime()
  const first = await issued()
  nowMs += 59_000
  await publisher.kick()
  expect(await issued()).toBe(first)
  nowMs += 1_000
  await publisher.kick()
  expect(await issued()).toBe(nowMs)
})

test('a map is frozen at most every few seconds, and on request at once', async () => {
  const { spec } = publishedMap(publishDir, { kind: 'popmap', mailstore: null })
  must(await store.directory.createMailbox(mailbox('frozen'), actor))
  nowMs += 1_000
  await publisher.kick()
  expect(await listSnapshots(spec)).toHaveLength(1)
  const cursor = publisher.maps().find((map) => map.map === 'popmap')!.cursor
  expect(await publisher.ensureSnapshot('popmap', { ...cursor, revision: cursor.revision + 1 })).toBe(false)
  expect(await publisher.ensureSnapshot('popmap', cursor)).toBe(true)
  expect(await listSnapshots(spec)).toHaveLength(2)
  must(await store.directory.deleteMailbox(address('frozen'), actor))
  await publisher.kick()
  expect(await listSnapshots(spec)).toHaveLength(2)
  nowMs += 5_000
  await publisher.kick()
  expect(await listSnapshots(spec)).toHaveLength(3)
})

test('a verification finds what the directory does not say, and the next pass mends it', async () => {
  await expect(publisher.verifyPublished()).resolves.toMatchObject({ sound: true })
  const file = join(publishDir, shardFile('popmap', 'user4').replace('/', '/shards/'))
  await writeFile(file, `${address('user4')}:else.example.net\n`)
  const found = await publisher.verifyPublished()
  expect(found.sound).toBe(false)
  expect(found.maps.filter((map) => map.faults.length > 0)).toMatchObject([{ map: 'popmap', faults: [{ code: 'shard_bytes', file }] }])
  await publisher.kick()
  await expectFresh()
  await expect(publisher.verifyPublished()).resolves.toMatchObject({ sound: true })
})

test('lines that an older version wrote differently are found at the start and mended, though the directory did not change', async () => {
  const { spec } = publishedMap(publishDir, { kind: 'popmap', mailstore: null })
  const tree = (await readTree(spec, [signingKey]))!
  await publisher.stop()
  const older = new Map([[address('user4'), `${address('user4')}:ms1.example.net:pop3`]])
  const seal = { cursor: tree.manifest.cursor, key: signingKey, deltaLimit: 10 }
  await freezeSnapshot((await patchTree(tree, older, seal)).tree)
  publisher = await start({ verifyIntervalMs: 86_400_000 })
  await vi.waitFor(async () => {
    await publisher.kick()
    expect(differences(await readPublished(publishDir), await renderDirectory(store.feed))).toEqual([])
  }, WAIT)
  await expectFresh()
  const head = await readHead(publishDir, [signingKey])
  expect(head.maps.find((map) => map.map === 'popmap')).toMatchObject({ cursor: head.cursor, root: tree.manifest.root })
  expect(await verifyTree(snapshotSpec(spec, head.cursor), [signingKey])).toEqual([])
})

test('publishing goes on while a verification renders', async () => {
  const verification = publisher.verifyPublished()
  must(await store.directory.createMailbox(mailbox('meanwhile'), actor))
  await publisher.kick()
  await expect(verification).resolves.toMatchObject({ sound: true })
  await expectFresh()
})

test('a failing pass is told, tried again, and leaves HEAD to grow old', async () => {
  await publisher.stop()
  let broken = true
  const refused = new Error('connection refused')
  const feed: Feed = {
    readHead: () => (broken ? Promise.reject(refused) : store.feed.readHead()),
    withSnapshot: (use) => (broken ? Promise.reject(refused) : store.feed.withSnapshot(use)),
  }
  publisher = await start({ feed })
  await publisher.kick()
  expect(publisher.state()).toMatchObject({ phase: 'failing', failure: 'connection refused' })
  const before = await readFile(join(publishDir, 'HEAD'))
  nowMs += 120_000
  await publisher.kick()
  expect(await readFile(join(publishDir, 'HEAD'))).toEqual(before)
  broken = false
  await publisher.kick()
  expect(publisher.state()).toMatchObject({ phase: 'current', failure: null })
})

test('one publish folder has one publisher', async () => {
  await expect(start()).rejects.toThrow('already runs in')
  await publisher.stop()
  publisher = await start()
})

test('each host gets the modules of its own maps, and loses them with its role', async () => {
  must(await store.directory.putHost({ name: 'pop1', roles: ['proxy'], mailstores: [] }, actor))
  must(await store.directory.putHost({ name: 'store1', roles: ['mailstore'], mailstores: ['ms1'] }, actor))
  await publisher.kick()
  const modules = async (host: string) => (await readFile(join(publishDir, 'rsyncd', `${host}.conf`), 'utf8')).match(/(?<=^\[).*(?=\]$)/gm)
  expect(await modules('pop1')).toEqual(['head', 'popmap'])
  expect(await modules('store1')).toEqual(['head', 'userdb@ms1', 'dovecot-passwd@ms1'])
  const { ino } = await stat(join(publishDir, 'rsyncd', 'pop1.conf'))
  must(await store.directory.patchHost('store1', { roles: ['proxy'], mailstores: [] }, actor))
  await publisher.kick()
  expect(await modules('store1')).toEqual(['head', 'popmap'])
  expect((await stat(join(publishDir, 'rsyncd', 'pop1.conf'))).ino).toBe(ino)
  must(await store.directory.deleteHost('store1', actor))
  await publisher.kick()
  expect(await listFolder(join(publishDir, 'rsyncd'))).toEqual(['pop1.conf'])
  must(await store.directory.deleteHost('pop1', actor))
})
