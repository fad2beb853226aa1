import type { Directory } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from './open-store.js'
import { actor, domain, must } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openStore({ databaseUrl: url })
  directory = store.directory
})
afterAll(() => store.close())

const put = async (customerId: string, name = 'Example Ltd') => must(await directory.putCustomer({ customerId, name }, actor))

test('a put makes a customer, a repeat changes nothing, another name changes it', async () => {
  const made = await put('C-1')
  const head = await directory.getHead()
  expect(made).toMatchObject({ created: true, changed: true, revision: head.revision, value: { customerId: 'C-1', state: 'active' } })
  expect(await put('C-1')).toEqual({ created: false, changed: false, revision: made.revision, value: made.value })
  expect(await directory.getHead()).toEqual(head)

  const renamed = await put('C-1', 'Example Inc')
  expect(renamed).toMatchObject({ created: false, changed: true, revision: head.revision + 1, value: { name: 'Example Inc' } })
  expect(await directory.getCustomer('C-1')).toEqual(renamed.value)
  expect(renamed.value.updatedAt.getTime()).toBeGreaterThanOrEqual(renamed.value.createdAt.getTime())
})

test('a patch renames; an unknown customer is refused', async () => {
  await put('C-2')
  expect(must(await directory.patchCustomer('C-2', {}, actor)).changed).toBe(false)
  expect(must(await directory.patchCustomer('C-2', { name: 'New' }, actor)).value.name).toBe('New')
  expect(await directory.patchCustomer('C-none', { name: 'New' }, actor)).toMatchObject({ ok: false, code: 'customer_not_found' })
  expect(await directory.getCustomer('C-none')).toBeNull()
})

test('a list is in order of bytes, in pages, by state', async () => {
  for (const id of ['list-b', 'list-B', 'list-a', 'list-a.1']) await put(id)
  must(await directory.setCustomerState('list-a', 'suspend', actor))
  const first = await directory.listCustomers({ limit: 2, after: 'list-' })
  expect(first.items.map((c) => c.customerId)).toEqual(['list-B', 'list-a'])
  const second = await directory.listCustomers({ limit: 2, after: first.next ?? '' })
  expect(second.items.map((c) => c.customerId)).toEqual(['list-a.1', 'list-b'])
  expect(second.next).toBeNull()
  expect((await directory.listCustomers({ limit: 9, state: 'suspended' })).items.map((c) => c.customerId)).toEqual(['list-a'])
})

test('a customer with a domain is not deleted; without, it is', async () => {
  await put('C-3')
  must(await directory.putDomain({ domain: domain('c3.example'), customerId: 'C-3' }, actor))
  expect(await directory.deleteCustomer('C-3', actor)).toMatchObject({
    ok: false,
    code: 'customer_not_empty',
    detail: expect.stringContaining('c3.example'),
  })
  must(await directory.deleteDomain(domain('c3.example'), actor))
  const { revision } = must(await directory.deleteCustomer('C-3', actor))
  expect(revision).toBe((await directory.getHead()).revision)
  expect(await directory.getCustomer('C-3')).toBeNull()
  expect(await directory.deleteCustomer('C-3', actor)).toMatchObject({ ok: false, code: 'customer_not_found' })
})

test('sixteen puts of one customer at once: one makes it, and all have the same answer', async () => {
  const all = await Promise.all(Array.from({ length: 16 }, () => put('C-race')))
  expect(all.filter((one) => one.created)).toHaveLength(1)
  expect(new Set(all.map((one) => one.revision)).size).toBe(1)
})

test('every change is logged with who asked, by which request, before and after', async () => {
  const made = await put('C-4')
  must(await directory.patchCustomer('C-4', { name: 'New' }, { ...actor, requestId: 'req-2' }))
  must(await directory.deleteCustomer('C-4', actor))
  const { items } = await directory.listChanges({ afterRevision: made.revision - 1, limit: 10 })
  const common = { kind: 'customer', key: 'C-4', customerId: 'C-4', actor: actor.keyId, requestId: 'req-1' }
  expect(items).toMatchObject([
    { ...common, action: 'create', before: null, after: { name: 'Example Ltd', state: 'active' } },
    { ...common, action: 'update', before: { name: 'Example Ltd' }, after: { name: 'New' }, requestId: 'req-2' },
    { ...common, action: 'delete', before: { name: 'New', state: 'active' }, after: null },
  ])
})
