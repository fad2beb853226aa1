import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { migrate, MigrationError } from './migrate.js'
import { findMigrationsFolder, readMigrations } from './migrations-folder.js'

const { url: databaseUrl } = await testDatabase({ migrated: false })
let client: Client
let folder: string

beforeAll(async () => {
  client = new Client({ connectionString: databaseUrl })
  await client.connect()
})
afterAll(() => client.end())
beforeEach(async () => {
  await client.query('drop schema public cascade; create schema public')
  folder = await mkdtemp(join(tmpdir(), 'muster-migrations-'))
  return () => rm(folder, { recursive: true })
})

async function put(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, 'migration.sql'), sql)
}
const tables = async () =>
  (await client.query<{ tablename: string }>(`select tablename from pg_tables where schemaname = 'public' order by 1`)).rows.map(
    (r) => r.tablename,
  )

test("the repository's own migrations make a directory at revision 0, once", async () => {
  const told: string[] = []
  const first = await migrate({ databaseUrl, onApply: (name) => told.push(name) })
  expect(first.applied).toEqual((await readMigrations(findMigrationsFolder())).map((m) => m.name))
  expect(told).toEqual(first.applied)
  expect(await migrate({ databaseUrl })).toEqual({ applied: [] })
  expect((await client.query('select lineage, revision from directory_head')).rows).toEqual([{ lineage: 1, revision: '0' }])
})

test('migrations are applied in order of their names, and recorded as Prisma records them', async () => {
  await put('20260102000000_second', 'alter table a add column n int')
  await put('20260101000000_first', 'create table a (); create table b ()')
  expect(await migrate({ databaseUrl, folder })).toEqual({ applied: ['20260101000000_first', '20260102000000_second'] })

  const { rows } = await client.query('select * from _prisma_migrations order by started_at')
  const bytes = await readFile(join(folder, '20260101000000_first', 'migration.sql'))
  expect(rows[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    checksum: createHash('sha256').update(bytes).digest('hex'),
    finished_at: expect.any(Date),
    migration_name: '20260101000000_first',
    logs: null,
    rolled_back_at: null,
    started_at: expect.any(Date),
    applied_steps_count: 1,
  })
})

test('four at once apply each migration once', async () => {
  await put('1_first', 'create table a (); select pg_sleep(0.2)')
  await put('2_second', 'create table b ()')
  const results = await Promise.all(Array.from({ length: 4 }, () => migrate({ databaseUrl, folder })))
  expect(results.flatMap((result) => result.applied)).toEqual(['1_first', '2_second'])
})

test('a migration that fails leaves nothing of itself, keeps those before it, and names its file', async () => {
  await put('1_good', 'create table a ()')
  await put('2_bad', 'create table b (); select nonsense')
  const failure = migrate({ databaseUrl, folder })
  await expect(failure).rejects.toThrow(MigrationError)
  await expect(failure).rejects.toThrow(/2_bad\/migration\.sql failed and was rolled back: .*nonsense/)
  expect(await tables()).toEqual(['_prisma_migrations', 'a'])

  await put('2_bad', 'create table b ()')
  expect(await migrate({ databaseUrl, folder })).toEqual({ applied: ['2_bad'] })
})

test('a file that changed after it was applied is refused by name, and nothing newer is applied', async () => {
  await put('1_first', 'create table a ()')
  await migrate({ databaseUrl, folder })
  await put('1_first', 'create table a (n int)')
  await put('2_second', 'create table b ()')
  await expect(migrate({ databaseUrl, folder })).rejects.toThrow(/1_first\/migration\.sql was changed after it was applied/)
  expect(await tables()).toEqual(['_prisma_migrations', 'a'])
})

test('a database of a newer version is refused', async () => {
  await put('1_first', 'create table a ()')
  await put('2_second', 'create table b ()')
  await migrate({ databaseUrl, folder })
  await rm(join(folder, '2_second'), { recursive: true })
  await expect(migrate({ databaseUrl, folder })).rejects.toThrow('has the migration 2_second, which this version does not know')
})

test("what Prisma's own tool left half done is not built upon", async () => {
  await put('1_first', 'create table a ()')
  await migrate({ databaseUrl, folder })
  await client.query('update _prisma_migrations set finished_at = null')
  await expect(migrate({ databaseUrl, folder })).rejects.toThrow('1_first was begun by another tool and failed')
})
