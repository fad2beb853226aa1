import { setTimeout as sleep } from 'node:timers/promises'
import { startTestPostgres, testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from './migrate.js'
import { changeSets, faultsOf, logRow, runReader, runWriter, type Tally } from './revision-load.fixture.js'

const { url } = await testDatabase()
let client: Client

beforeAll(async () => {
  client = new Client({ connectionString: url })
  await client.connect()
})
afterAll(() => client.end())

const WRITERS = 16
const keysOf = (tallies: readonly Tally[], which: keyof Tally) => tallies.flatMap((tally) => tally[which].map((keys) => keys.join(' ')))

async function ask<T extends object>(sql: string): Promise<T[]> {
  return (await client.query<T>(sql)).rows
}

/** Runs statements in one transaction, which is rolled back when one fails. */
async function inTransaction(...statements: string[]): Promise<void> {
  try {
    for (const sql of ['begin', ...statements, 'commit']) await client.query(sql)
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

const LOG = `insert into change_log (kind, key, action, actor, request_id) values ('customer', 'C-1', 'create', 'k', 'r')`

test('a database begins at revision 0, which has a nonce like any other', async () => {
  const rows = await ask(`select r.revision::int, r.lineage, r.nonce = h.nonce as same, r.nonce from revision r, directory_head h`)
  expect(rows).toEqual([{ revision: 0, lineage: 1, same: true, nonce: expect.stringMatching(/^[0-9a-f]{16}$/) }])
})

test('under 16 writers with savepoints and rollbacks, revisions are dense and in commit order for a reader', async () => {
  let stop = false
  let ended = false
  const reader = runReader(url, () => ended)
  const writers = Array.from({ length: WRITERS }, (_, name) => runWriter(url, name, () => stop))
  await enoughRevisions(url, 1_500)
  stop = true
  const tallies = await Promise.all(writers)
  ended = true
  const { seen, faults } = await reader

  expect(faults).toEqual([])
  expect(await faultsOf(url)).toEqual([])
  expect([...(await changeSets(url))].sort()).toEqual(keysOf(tallies, 'committed').sort())
  // What the reader was shown of a revision when it first saw it is what the revision is for good.
  const final = await ask(`select r.revision::int, r.nonce, count(c.id)::int as rows
    from revision r join change_log c using (change_set) group by r.revision order by r.revision`)
  expect(seen).toEqual(final)
})

test('the same holds after kill -9 of the server under load, and nothing acknowledged is lost', async () => {
  const server = await startTestPostgres()
  try {
    await migrate({ databaseUrl: server.url })
    const tallies: Tally[] = []
    for (let round = 0; round < 3; round += 1) {
      const writers = Array.from({ length: WRITERS }, (_, n) => runWriter(server.url, round * WRITERS + n, () => false))
      const reader = runReader(server.url, () => false)
      await enoughRevisions(server.url, 300 * (round + 1))
      await server.kill9()
      tallies.push(...(await Promise.all(writers)))
      expect((await reader).faults).toEqual([])
      await server.restart()
      expect(await faultsOf(server.url)).toEqual([])
    }
    const kept = await changeSets(server.url)
    const acknowledged = keysOf(tallies, 'committed')
    expect(acknowledged.filter((keys) => !kept.has(keys))).toEqual([])
    const known = new Set([...acknowledged, ...keysOf(tallies, 'inDoubt')])
    expect([...kept].filter((keys) => !known.has(keys))).toEqual([])
  } finally {
    await server.stop()
  }
})

async function enoughRevisions(databaseUrl: string, wanted: number): Promise<void> {
  const watch = new Client({ connectionString: databaseUrl })
  await watch.connect()
  try {
    for (;;) {
      const { rows } = await watch.query<{ revision: string }>('select revision from directory_head')
      if (Number(rows[0]?.revision) >= wanted) return
      await sleep(20)
    }
  } finally {
    await watch.end()
  }
}

describe('what a writer may not do', () => {
  test.each(['repeatable read', 'serializable'])('write at %s', async (level) => {
    await expect(inTransaction(`set transaction isolation level ${level}`, LOG)).rejects.toThrow(
      `the directory is written at READ COMMITTED only, and this transaction is ${level.toUpperCase()}`,
    )
  })

  test('log a row after the stamp', async () => {
    await expect(inTransaction(LOG, 'set constraints all immediate', LOG)).rejects.toThrow(
      'a change was logged after its revision was stamped',
    )
  })

  test('say which row is the first, or which change set it belongs to', async () => {
    const forged = (first: boolean, changeSet: number) =>
      `insert into change_log (first, change_set, kind, key, action, actor, request_id) values (${first}, ${changeSet}, 'key', 'forged', 'create', 'k', 'r')`
    await inTransaction(forged(false, 1), forged(true, 2))
    await inTransaction(forged(true, 3), forged(false, 1))
    const rows = await ask(`select c.first, c.change_set = r.change_set as joined, c.change_set in (1, 2, 3) as forged
      from change_log c left join revision r using (change_set) where key = 'forged' order by id`)
    expect(rows).toEqual([true, false, true, false].map((first) => ({ first, joined: true, forged: false })))
  })

  test.each([
    ['of a revision that exists', `(select max(change_set) from revision)`, 'stamped'],
    ['that nobody opened', '1000000000', 'was not opened by a logged row'],
  ])('take the token of a change set %s', async (_, token, message) => {
    await expect(inTransaction(`select set_config('muster.change_set', (${token})::text, true)`, LOG)).rejects.toThrow(message)
  })

  test.each([
    'update change_log set key = key',
    'delete from change_log',
    'truncate change_log',
    'delete from revision',
    'update revision set nonce = nonce',
  ])('%s', async (sql) => {
    await expect(client.query(sql)).rejects.toThrow('is append-only')
  })

  test('and none of it left a trace', async () => {
    expect(await faultsOf(url)).toEqual([])
  })
})

test('a transaction that logged nothing has no revision', async () => {
  const [before] = await ask('select revision from directory_head')
  await inTransaction('savepoint s', LOG, 'rollback to s')
  expect(await ask('select revision from directory_head')).toEqual([before])
})

test('two revisions never bear one nonce', async () => {
  await logRow(client, 'a')
  const rows = await ask(`select count(*) = count(distinct nonce) as distinct from revision`)
  expect(rows).toEqual([{ distinct: true }])
})
