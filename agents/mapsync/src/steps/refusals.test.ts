import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSigningKey, parseHead, parsePinnedKeys, renderPublicKey } from '@muster/maptree'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, testWorld, type TestAgent } from '../agent.fixture.js'
import { readStatus } from '../commands/status.js'
import { linesOf, makePublishedFolder, popmapLine, userdbLine } from '../published.fixture.js'
import { makeContext } from './context.js'
import { headEntry } from './pull.js'
import type { SyncResult } from './sync.js'

let agent: TestAgent
afterEach(() => agent.remove())

const popmap = (count: number, store?: string) => ({ popmap: linesOf(count, (n) => popmapLine(n, store)) })
const popmapOf = () => readGdbm(agent.path('popmap.db'))
const failureOf = ({ maps }: SyncResult) => maps[0]?.fault && { step: maps[0].fault.step, code: maps[0].fault.code }

describe('what is refused leaves the last good map in place', () => {
  beforeEach(async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(500), { revision: 5 })
    await agent.sync()
  })

  /** What a round that must be refused came to: the refusal by three names, and what is in use then. */
  async function outcomeOf(result: SyncResult) {
    const { maps } = await readStatus(agent.config, new Date())
    const use = popmapOf()
    const inUse = `${use.size} entries, user17 at ${use.get('user17@example.net')}`
    return { fault: result.maps[0]?.fault?.code, exitCode: result.exitCode, status: maps[0]?.failure?.code, inUse }
  }
  const refused = (code: string, exitCode: number) => ({
    fault: code,
    exitCode,
    status: code,
    inUse: '500 entries, user17 at ms1.example.net:110',
  })

  test('an empty map, unless forced', async () => {
    await agent.published.publish({ popmap: [] }, { revision: 6 })
    expect(await outcomeOf(await agent.sync())).toEqual(refused('empty', 11))
    expect(await outcomeOf(await agent.sync({ force: ['shrunk'] }))).toEqual(refused('empty', 11))
    expect((await agent.sync({ force: ['empty'] })).exitCode).toBe(0)
    expect(popmapOf().size).toBe(0)
  })

  test('a map that shrank, unless forced', async () => {
    await agent.published.publish(popmap(399), { revision: 6 })
    expect(await outcomeOf(await agent.sync())).toEqual(refused('shrunk', 12))
    expect((await agent.sync({ force: ['shrunk'] })).exitCode).toBe(0)
    expect(popmapOf().size).toBe(399)
  })

  test('a HEAD that somebody else signed, whatever is forced', async () => {
    const other = makePublishedFolder(agent.published.folder, generateSigningKey())
    await other.publish(popmap(501), { revision: 6 })
    expect(await outcomeOf(await agent.sync({ force: ['empty', 'shrunk', 'older', 'disk', 'backoff'] }))).toEqual(refused('signature', 13))
  })

  test('a HEAD in which one byte is another', async () => {
    const head = join(agent.published.folder, 'HEAD')
    writeFileSync(head, readFileSync(head, 'utf8').replace('map popmap 1-5-', 'map popmap 1-6-'))
    expect(await outcomeOf(await agent.sync())).toEqual(refused('signature', 13))
  })

  test('a shard that is not what its manifest vouches for', async () => {
    const cursor = await agent.published.publish(popmap(500, 'ms2'), { revision: 6 })
    const shards = join(agent.published.folder, 'popmap', 'snapshots', `1-6-${cursor.nonce}`, 'shards')
    const victim = join(shards, '00')
    const text = readFileSync(victim, 'utf8')
    rmSync(victim)
    writeFileSync(victim, text.replace('ms2', 'ms6'))
    expect(await outcomeOf(await agent.sync())).toEqual(refused('hash', 14))
  })

  test('an older revision, and another history of the same number, unless forced', async () => {
    await agent.published.publish(popmap(500, 'ms2'), { revision: 4 })
    expect(await outcomeOf(await agent.sync())).toEqual(refused('older', 16))
    await agent.published.publish(popmap(500, 'ms3'), { revision: 5, nonce: 'b'.repeat(16) })
    expect(await outcomeOf(await agent.sync())).toEqual(refused('older', 16))
    expect((await agent.sync({ force: ['older'] })).exitCode).toBe(0)
    expect(popmapOf().get('user17@example.net')).toBe('ms3.example.net:110')
    // From here on that history is the one to go by.
    await agent.published.publish(popmap(500, 'ms4'), { revision: 6 })
    expect((await agent.sync()).exitCode).toBe(0)
  })

  test('also after the state file was lost', async () => {
    rmSync(join(agent.config.stateDir, 'state.json'))
    await agent.published.publish(popmap(500, 'ms2'), { revision: 4 })
    expect(failureOf(await agent.sync())?.code).toBe('older')
  })

  test('a new lineage with lower revisions is taken, and said', async () => {
    await agent.published.publish(popmap(500, 'ms2'), { lineage: 2, revision: 3 })
    const result = await agent.sync()
    expect(result.exitCode).toBe(0)
    expect(result.maps[0]?.newLineage).toBe(true)
    await agent.published.publish(popmap(500, 'ms3'), { lineage: 1, revision: 9 })
    expect((await agent.sync()).maps[0]?.fault?.code).toMatch(/older|not_published/)
  })

  test('a disk without room, before anything is fetched', async () => {
    await agent.published.publish(popmap(600), { revision: 6 })
    expect(await outcomeOf(await agent.sync({ world: { freeBytes: async () => 1000 } }))).toEqual(refused('disk_full', 15))
    expect(existsSync(join(agent.config.stateDir, 'incoming', 'popmap'))).toBe(false)
    expect((await agent.sync({ force: ['disk'], world: { freeBytes: async () => 10_000_000_000 } })).exitCode).toBe(0)
  })

  test('password hashes over rsync:// from another machine', async () => {
    const source = { kind: 'rsync', ssh: false, user: null, host: 'maps.example.net', port: null } as const
    agent.remove()
    agent = makeTestAgent(['userdb'])
    await agent.published.publish({ 'userdb@ms1': linesOf(5, userdbLine) }, { revision: 5 })
    // HEAD holds no secret; it is the map that is refused, before a name is looked up.
    const head = readFileSync(join(agent.published.folder, 'HEAD'), 'utf8')
    const config = { ...agent.config, source }
    const context = makeContext(config, { version: 1, head: null, maps: {}, targets: {} }, testWorld())
    const read = () => headEntry(context, parseHead(head, config.publisherKeys, 'HEAD'), 'userdb@ms1', true)
    expect(read).toThrow(expect.objectContaining({ code: 'source_insecure' }))
  })
})

test('a publisher key that was replaced leaves the map as it is until the new one is pinned', async () => {
  agent = makeTestAgent(['popmap'])
  await agent.published.publish(popmap(300), { revision: 1 })
  await agent.sync()
  const next = makePublishedFolder(agent.published.folder, generateSigningKey())
  await next.publish(popmap(301), { revision: 2 })
  expect((await agent.sync()).exitCode).toBe(13)
  expect(popmapOf().size).toBe(300)
  const publisherKeys = [...agent.config.publisherKeys, ...parsePinnedKeys(renderPublicKey({ keyId: '', publicKey: next.key.publicKey }))]
  expect((await agent.sync({ config: { publisherKeys } })).exitCode).toBe(0)
  expect(popmapOf().size).toBe(301)
})
