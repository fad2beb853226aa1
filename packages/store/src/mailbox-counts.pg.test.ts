import { testDatabase } from '@muster/testkit'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseSafeInteger } from './database.js'
import { startMailboxCounts } from './mailbox-counts.js'
import type { Store } from './open-store.js'
import { actor, address, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
const pool = new Pool({ connectionString: url })
let store: Store

beforeAll(async () => {
  store = await openSite(url)
  for (const name of ['a', 'b', 'c'])
    must(await store.directory.createMailbox(request(`${name}@example.net`, { mailstore: name === 'c' ? 'ms2' : 'ms1' }), actor))
})
afterAll(async () => {
  await store.close()
  await pool.end()
})

test('counts are what the database holds at first, and follow what this process adds', async () => {
  const counts = startMailboxCounts(pool)
  const numbers = async () => Object.fromEntries(await counts.read())
  expect(await numbers()).toEqual({ ms1: 2, ms2: 1 })
  counts.add('ms2', 3)
  counts.add('new', 1)
  expect(await numbers()).toMatchObject({ ms2: 4, new: 1 })
})

test('what another process made is seen when the counts are taken anew', async () => {
  let ms = 0
  const counts = startMailboxCounts(pool, () => ms)
  await counts.read()
  must(await store.directory.deleteMailbox(address('a@example.net'), actor))
  expect((await counts.read()).get('ms1')).toBe(2)
  ms = 60_000
  await expect.poll(async () => (await counts.read()).get('ms1')).toBe(1)
})

test('an integer that JavaScript cannot hold is refused, not rounded', () => {
  expect(parseSafeInteger('9007199254740991')).toBe(9007199254740991)
  expect(() => parseSafeInteger('9007199254740993')).toThrow(RangeError)
})
