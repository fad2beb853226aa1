import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

const { url } = await testDatabase()
let writer: Client
let other: Client

beforeAll(async () => {
  writer = new Client({ connectionString: url })
  other = new Client({ connectionString: url })
  await writer.connect()
  await other.connect()
})
afterAll(async () => {
  await writer.end()
  await other.end()
})

const ONE = `insert into change_log (kind, key, action, actor, request_id) values ('mailbox', $1, 'create', 'k', 'r')`
const MANY = `insert into change_log (kind, key, action, actor, request_id) select 'mailbox', 'm' || n, 'create', 'k', 'r' from generate_series(1, 1000) as n`

/** Rows that the session has read, by scan and by index, as far as the server has not booked them elsewhere: within one transaction. */
const TOUCHED = `select relname as table, seq_tup_read::int as scanned, idx_tup_fetch::int as found
  from pg_stat_xact_user_tables where relname in ('change_log', 'revision', 'directory_head') order by relname`

/** What a transaction of 2,000 rows reads, half of them logged one by one, its triggers and its stamp included. It commits. */
async function readsOfBigTransaction() {
  await writer.query('begin')
  const before = (await writer.query<{ table: string; scanned: number; found: number }>(TOUCHED)).rows
  for (let n = 0; n < 1_000; n += 1) await writer.query({ name: 'one', text: ONE, values: [`k${n}`] })
  await writer.query(MANY)
  await writer.query('set constraints all immediate') // the stamp, as COMMIT brings it about
  const after = (await writer.query<{ table: string; scanned: number; found: number }>(TOUCHED)).rows
  await writer.query('commit')
  return after.map(({ table, scanned, found }, n) => ({
    table,
    scanned: scanned - (before[n]?.scanned ?? 0),
    found: found - (before[n]?.found ?? 0),
  }))
}

/** Straight into the tables, as if a million changes in ten thousand revisions had been made. */
const FILL = `
  alter table change_log disable trigger user;
  insert into change_log (change_set, first, kind, key, action, actor, request_id)
    select 1000000 + n / 100, n % 100 = 0, 'mailbox', 'k' || n, 'update', 'k', 'r' from generate_series(0, 999999) as n;
  insert into revision (revision, lineage, nonce, change_set) select 1000 + n, 1, 'n', 1000000 + n from generate_series(0, 9999) as n;
  update directory_head set revision = 10999;
  select setval('change_set_seq', 2000000);
  alter table change_log enable trigger user;`

test('a large transaction reads no more of a log of 1,000,000 rows, with statistics, than of one of three rows', async () => {
  for (const key of ['a', 'b', 'c']) await other.query(ONE, [key])
  await other.query('vacuum analyze') // of three rows the planner would rather scan the table, and a session keeps its plans
  const small = await readsOfBigTransaction()
  await other.query(FILL)
  await other.query('vacuum analyze') // what autovacuum does: from here on, plans are made by statistics
  const full = await readsOfBigTransaction()

  expect(full).toEqual(small)
  // One row a statement, the first of the change set: to see that the set is this transaction's own.
  expect(full).toEqual([
    { table: 'change_log', scanned: 0, found: 1_001 },
    { table: 'directory_head', scanned: 1, found: 0 },
    { table: 'revision', scanned: 0, found: 0 },
  ])
})

test('what a page of changes and a feed read are found by index', async () => {
  const { rows } = await other.query<{ 'QUERY PLAN': string }>(
    `explain select c.key from revision r join change_log c using (change_set) where r.revision > 10990 order by r.revision, c.id limit 101`,
  )
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(plan).toContain('change_log_change_set')
  expect(plan).not.toContain('Seq Scan')
})
