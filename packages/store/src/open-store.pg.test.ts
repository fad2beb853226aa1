import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { makeCreateMailbox } from './create-mailbox.js'
import { closeDatabase, openDatabase } from './database.js'
import { makeImportMailboxes } from './import-mailboxes.js'
import { openStore } from './open-store.js'
import { actor, address, CUSTOMER, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()

test('ping answers while the database is there, and fails when it is not', async () => {
  const store = await openStore({ databaseUrl: url })
  await store.ping()
  await store.close()
  const nowhere = new URL(url)
  nowhere.port = '1'
  const lost = await openStore({ databaseUrl: nowhere.href })
  await expect(lost.ping()).rejects.toThrow('ECONNREFUSED')
  await lost.close()
})

test('connections are at most as many as allowed, and none is left after close', async () => {
  const watch = new Client({ connectionString: url })
  await watch.connect()
  const connections = async () =>
    (
      await watch.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'muster'`,
      )
    ).rows[0]?.n
  const store = await openSite(url, { maxConnections: 3 })
  const all = Array.from({ length: 30 }, (_, n) => store.directory.createMailbox(request(`n${n}@example.net`), actor))
  expect((await Promise.all(all)).every((one) => one.ok)).toBe(true)
  expect(await connections()).toBe(3)
  await store.close()
  await expect.poll(connections).toBe(0)
  await watch.end()
})

test('a connection that the server ends between two writes costs nothing', async () => {
  const store = await openSite(url)
  const watch = new Client({ connectionString: url })
  await watch.connect()
  await watch.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'muster'`,
  )
  await watch.end()
  await expect
    .poll(() =>
      store.ping().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  must(await store.directory.createMailbox(request('after@example.net'), actor))
  expect(await store.directory.getMailbox(address('after@example.net'))).not.toBeNull()
  await store.close()
})

test('no lock is waited for without end, and a session that stalls within a transaction is ended by the server', async () => {
  const database = openDatabase({ databaseUrl: url, maxConnections: 1, quarantineMs: 0 })
  const { rows } = await database.pool.query(
    `select name, setting from pg_settings where name in ('lock_timeout', 'idle_in_transaction_session_timeout') order by name`,
  )
  expect(rows).toEqual([
    { name: 'idle_in_transaction_session_timeout', setting: '60000' },
    { name: 'lock_timeout', setting: '10000' },
  ])
  await closeDatabase(database)
})

test('plans made while the site was small do not scan tables when it is large', async () => {
  const database = openDatabase({ databaseUrl: url, maxConnections: 1, quarantineMs: 0 })
  const { createMailbox } = makeCreateMailbox(database)
  const { importMailboxes } = makeImportMailboxes(database)
  const create = async (text: string) => must(await createMailbox(request(text), actor))
  const scanned = async () => {
    await database.pool.query('select pg_stat_force_next_flush()')
    const { rows } = await database.pool.query<{ n: number }>(
      `select sum(seq_tup_read) as n from pg_stat_user_tables where relname in ('mailbox', 'mailbox_password', 'domain', 'customer', 'tombstone', 'change_log', 'revision')`,
    )
    return Number(rows[0]?.n)
  }
  await (await openSite(url)).close()
  await database.pool.query('vacuum analyze')
  for (let n = 0; n < 10; n += 1) await create(`small${n}@example.net`)
  const items = Array.from({ length: 1_000 }, (_, n) => ({ request: request(`large${n}@example.net`) }))
  must(await importMailboxes(items, { dryRun: false, customerId: CUSTOMER }, actor))
  const before = await scanned()
  for (let n = 10; n < 20; n += 1) await create(`small${n}@example.net`)
  expect(await scanned()).toBe(before)
  await closeDatabase(database)
})

test('a write that fails at its commit leaves nothing, and its connection serves the next', async () => {
  const store = await openSite(url, { maxConnections: 1 })
  const watch = new Client({ connectionString: url })
  await watch.connect()
  await watch.query('create table head_away as select * from directory_head; delete from directory_head')
  await expect(store.directory.createMailbox(request('fails@example.net'), actor)).rejects.toThrow('directory_head has no row')
  await expect(store.directory.patchCustomer(CUSTOMER, { name: 'Fails' }, actor)).rejects.toThrow('directory_head has no row')
  await watch.query('insert into directory_head select * from head_away; drop table head_away')
  await watch.end()
  expect(await store.directory.getMailbox(address('fails@example.net'))).toBeNull()
  expect(await store.directory.getCustomer(CUSTOMER)).toMatchObject({ name: 'Example Ltd' })
  must(await store.directory.createMailbox(request('fails@example.net'), actor))
  await store.close()
})
