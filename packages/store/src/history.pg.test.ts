import type { Change, Directory } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from './open-store.js'
import { actor, address, CUSTOMER, domain, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url)
  directory = store.directory
})
afterAll(() => store.close())

const ALL_OF_MS1 = ['dovecot-passwd', 'dovecot-passwd@ms1', 'popmap', 'userdb', 'userdb@ms1']
const mapsOf = async (revision: number) => (await directory.getRevision(revision))?.maps

test('a revision tells when it was, how much it changed, and which maps it touches', async () => {
  const { revision } = must(await directory.createMailbox(request('a@example.net', { mailstore: 'ms1' }), actor))
  expect(await directory.getRevision(revision)).toEqual({ revision, committedAt: expect.any(Date), changes: 1, maps: ALL_OF_MS1 })
  expect(await directory.getRevision(0)).toMatchObject({ changes: 0, maps: [] })
  expect(await directory.getRevision(revision + 1)).toBeNull()
})

test.each([
  ['a patch of a mailbox', ALL_OF_MS1, () => directory.patchMailbox(address('a@example.net'), { uid: 9 }, actor)],
  ['a suspension of its customer', ALL_OF_MS1, () => directory.setCustomerState(CUSTOMER, 'suspend', actor)],
  ['a new name of its customer', [], () => directory.patchCustomer(CUSTOMER, { name: 'Renamed' }, actor)],
  ['another address of the mailstore', ALL_OF_MS1, () => directory.patchMailstore('ms1', { host: '10.0.0.1' }, actor)],
  ['another state of the mailstore', [], () => directory.patchMailstore('ms1', { state: 'draining' }, actor)],
  ['a new host', [], () => directory.putHost({ name: 'pop1', roles: ['proxy'], mailstores: [] }, actor)],
  ['a deletion of a mailbox', ALL_OF_MS1, () => directory.deleteMailbox(address('a@example.net'), actor)],
] as const)('%s touches %j', async (_, maps, change) => {
  expect(await mapsOf(must<{ revision: number }>(await change()).revision)).toEqual(maps)
})

test('a revision that touches mailboxes on two mailstores names the maps of both', async () => {
  must(await directory.setCustomerState(CUSTOMER, 'resume', actor))
  must(await directory.patchMailstore('ms1', { state: 'open' }, actor))
  const items = ['ms1', 'ms2'].map((mailstore) => ({ request: request(`${mailstore}@example.net`, { mailstore }) }))
  const { revision } = must(await directory.importMailboxes(items, { dryRun: false, customerId: CUSTOMER }, actor))
  expect(await mapsOf(revision as number)).toEqual([...ALL_OF_MS1, 'dovecot-passwd@ms2', 'userdb@ms2'].sort())
})

test('pages of changes, of any size, are the whole log in commit order and never split a revision', async () => {
  must(await directory.putDomain({ domain: domain('more.example'), customerId: CUSTOMER }, actor))
  for (const size of [1, 7, 3, 1, 12]) {
    const items = Array.from({ length: size }, (_, n) => ({ request: request(`p${size}-${n}-${Math.random()}@more.example`) }))
    must(await directory.importMailboxes(items, { dryRun: false, customerId: CUSTOMER }, actor))
  }
  const whole = (await directory.listChanges({ afterRevision: 0, limit: 1000 })).items
  expect(whole.map((item) => item.revision)).toEqual(whole.map((item) => item.revision).sort((a, b) => a - b))
  for (const limit of [1, 2, 5, 8, 100]) {
    const pages: (readonly Change[])[] = []
    for (let after: number | null = 0; after !== null;) {
      const page: Awaited<ReturnType<Directory['listChanges']>> = await directory.listChanges({ afterRevision: after, limit })
      pages.push(page.items)
      after = page.next
    }
    expect(pages.flat()).toEqual(whole)
    for (const page of pages.slice(1)) expect(page[0]?.revision).not.toBe(pages[pages.indexOf(page) - 1]?.at(-1)?.revision)
    for (const page of pages) expect(page.length <= limit || new Set(page.map((item) => item.revision)).size === 1).toBe(true)
  }
})

test('after the newest revision there is an empty page', async () => {
  const { revision } = await directory.getHead()
  expect(await directory.listChanges({ afterRevision: revision, limit: 10 })).toEqual({ items: [], next: null })
})
