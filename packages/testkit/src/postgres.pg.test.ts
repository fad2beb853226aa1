import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestPostgres, type TestPostgres } from './postgres.js'
import { testDatabase } from './postgres-template.js'

const { url } = await testDatabase()

async function ask(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

test('a test file has a database of its own, owned by an account that is no superuser', async () => {
  expect(new URL(url).pathname).toMatch(/^\/test_[0-9a-f]{12}$/)
  await ask(url, 'CREATE TABLE mine (n int)')
  expect(await ask(url, 'SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user')).toEqual(['muster', false])
})

test('the database is UTF-8 and sorts by bytes', async () => {
  expect(await ask(url, 'SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()')).toEqual([
    'UTF8',
    'C',
  ])
  expect(await ask(url, "SELECT x FROM (VALUES ('b'), ('B'), ('ä'), ('a-'), ('a')) AS v(x) ORDER BY x")).toEqual(['B', 'a', 'a-', 'b', 'ä'])
})

test('a wrong password is refused', async () => {
  const wrong = new URL(url)
  wrong.password = 'guess'
  await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
})

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())

test('what was committed survives kill -9 and a restart, on the same URL', async () => {
  await ask(server.url, 'CREATE TABLE kept (n int)')
  await ask(server.url, 'INSERT INTO kept SELECT generate_series(1, 1000)')
  const before = server.pid()
  await server.kill9()
  await expect(ask(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await server.restart()
  expect(server.pid()).not.toBe(before)
  expect(await ask(server.url, 'SELECT count(*)::int FROM kept')).toEqual([1000])
})
