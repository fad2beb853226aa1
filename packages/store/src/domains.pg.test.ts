import type { Directory } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from './open-store.js'
import { actor, CUSTOMER, domain, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url, { quarantineDays: 30 })
  directory = store.directory
  must(await directory.putCustomer({ customerId: 'C-2', name: 'Other' }, actor))
})
afterAll(() => store.close())

const put = (name: string, customerId = CUSTOMER) => directory.putDomain({ domain: domain(name), customerId }, actor)

test('a put makes a domain under its customer; a repeat changes nothing', async () => {
  const made = must(await put('one.example'))
  expect(made).toMatchObject({ created: true, changed: true, value: { customerId: CUSTOMER, state: 'active', status: 'active' } })
  expect(must(await put('one.example'))).toEqual({ ...made, created: false, changed: false })
  expect(await directory.getDomain(domain('one.example'))).toEqual(made.value)
  expect(await directory.getDomain(domain('none.example'))).toBeNull()
})

test('a domain needs a customer, who is not closed, and belongs to one alone', async () => {
  expect(await put('two.example', 'C-none')).toMatchObject({ ok: false, code: 'customer_not_found' })
  expect(await put('example.net', 'C-2')).toMatchObject({ ok: false, code: 'domain_of_another_customer' })
  must(await directory.putCustomer({ customerId: 'C-closed', name: 'Gone' }, actor))
  must(await directory.putDomain({ domain: domain('kept.example'), customerId: 'C-closed' }, actor))
  must(await directory.setCustomerState('C-closed', 'close', actor))
  expect(await put('two.example', 'C-closed')).toMatchObject({ ok: false, code: 'customer_closed' })
  expect(must(await put('kept.example', 'C-closed'))).toMatchObject({ changed: false, value: { state: 'active', status: 'closed' } })
})

test('a list goes by customer and state, in order', async () => {
  for (const name of ['z.example', 'a.example']) must(await put(name, 'C-2'))
  must(await directory.setDomainState(domain('z.example'), 'suspend', actor))
  const names = async (query: Parameters<Directory['listDomains']>[0]) =>
    (await directory.listDomains(query)).items.map((item) => item.domain)
  expect(await names({ limit: 10, customerId: 'C-2' })).toEqual(['a.example', 'z.example'])
  expect(await names({ limit: 10, customerId: 'C-2', state: 'suspended' })).toEqual(['z.example'])
  expect(await names({ limit: 10, after: 'y' })).toEqual(['z.example'])
})

test('a domain with a mailbox is not deleted', async () => {
  must(await put('full.example'))
  must(await directory.createMailbox(request('a@full.example'), actor))
  expect(await directory.deleteDomain(domain('full.example'), actor)).toMatchObject({ ok: false, code: 'domain_not_empty' })
  expect(await directory.deleteDomain(domain('none.example'), actor)).toMatchObject({ ok: false, code: 'domain_not_found' })
})

test('a deleted domain is kept from other customers until its quarantine ends, and open to its own', async () => {
  must(await put('back.example'))
  must(await directory.deleteDomain(domain('back.example'), actor))
  expect(await put('back.example', 'C-2')).toMatchObject({ ok: false, code: 'domain_quarantined' })
  expect(must(await put('back.example')).created).toBe(true)
  must(await directory.deleteDomain(domain('back.example'), actor))

  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ days: number }>(
    `select round(extract(epoch from until - now()) / 86400)::int as days from tombstone where key = 'back.example'`,
  )
  expect(rows).toEqual([{ days: 30 }])
  await client.query(`update tombstone set until = now() where key = 'back.example'`)
  await client.end()
  expect(must(await put('back.example', 'C-2')).value.customerId).toBe('C-2')
})

test('purging drops the tombstones that ended, and no other', async () => {
  must(await put('old.example'))
  must(await directory.deleteDomain(domain('old.example'), actor))
  expect(await store.purge(new Date(Date.now() + 29 * 86_400_000))).toMatchObject({ tombstones: expect.any(Number) })
  expect(await put('old.example', 'C-2')).toMatchObject({ code: 'domain_quarantined' })
  expect((await store.purge(new Date(Date.now() + 31 * 86_400_000))).tombstones).toBeGreaterThan(0)
  expect(must(await put('old.example', 'C-2')).created).toBe(true)
})

test('a domain put by sixteen callers of two customers at once has one owner', async () => {
  const all = await Promise.all(Array.from({ length: 16 }, (_, n) => put('race.example', n % 2 ? CUSTOMER : 'C-2')))
  expect(all.filter((one) => one.ok && one.value.created)).toHaveLength(1)
  expect(all.filter((one) => one.ok && !one.value.created)).toHaveLength(7)
  expect(all.filter((one) => !one.ok && one.code === 'domain_of_another_customer')).toHaveLength(8)
})
