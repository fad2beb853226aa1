import type { Directory, HostReport } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from './open-store.js'
import { actor, must, openSite } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url)
  directory = store.directory
})
afterAll(() => store.close())

test('a put makes a host; the same sets in another order are no change', async () => {
  const made = must(await directory.putHost({ name: 'st1', roles: ['proxy', 'mailstore'], mailstores: ['ms2', 'ms1'] }, actor))
  expect(made).toMatchObject({ created: true, value: { roles: ['proxy', 'mailstore'], mailstores: ['ms1', 'ms2'] } })
  const again = must(await directory.putHost({ name: 'st1', roles: ['mailstore', 'proxy'], mailstores: ['ms1', 'ms2', 'ms1'] }, actor))
  expect(again).toEqual({ ...made, created: false, changed: false })
  expect(await directory.getHost('st1')).toEqual(made.value)
  expect(await directory.getHost('none')).toBeNull()
  const patched = must(await directory.patchHost('st1', { mailstores: ['*'] }, actor))
  expect(patched).toMatchObject({ changed: true, value: { roles: ['proxy', 'mailstore'], mailstores: ['*'] } })
})

test('a host serves only mailstores that exist', async () => {
  expect(await directory.putHost({ name: 'st2', roles: ['mailstore'], mailstores: ['ms1', 'none'] }, actor)).toMatchObject({
    code: 'mailstore_not_found',
    subject: 'none',
  })
  expect(await directory.patchHost('st1', { mailstores: ['none'] }, actor)).toMatchObject({ code: 'mailstore_not_found' })
  expect(await directory.patchHost('none', { roles: [] }, actor)).toMatchObject({ code: 'host_not_found' })
})

test('a list goes by role, in pages', async () => {
  for (const name of ['pop1', 'pop2', 'pop3']) must(await directory.putHost({ name, roles: ['proxy'], mailstores: [] }, actor))
  must(await directory.putHost({ name: 'mx1', roles: ['mx'], mailstores: [] }, actor))
  const names = (page: { items: readonly { name: string }[] }) => page.items.map((item) => item.name)
  const first = await directory.listHosts({ limit: 2, role: 'proxy' })
  expect(names(first)).toEqual(['pop1', 'pop2'])
  expect(names(await directory.listHosts({ limit: 2, role: 'proxy', after: first.next ?? '' }))).toEqual(['pop3', 'st1'])
  expect(names(await directory.listHosts({ limit: 9 }))).toEqual(['mx1', 'pop1', 'pop2', 'pop3', 'st1'])
})

const key = (keyId: string, more: object = {}) =>
  ({ keyId, name: 'a key', role: 'admin', host: null, expiresAt: null, secretHash: Buffer.alloc(32, keyId), ...more }) as const

test('a key is found with its hash, listed without, and gone when deleted', async () => {
  const made = must(await directory.createKey(key('aaaaaaaaaaaa'), actor))
  expect(made).toMatchObject({ created: true, value: { keyId: 'aaaaaaaaaaaa', role: 'admin', host: null } })
  expect(await directory.findKey('aaaaaaaaaaaa')).toEqual({ key: made.value, secretHash: Buffer.alloc(32, 'aaaaaaaaaaaa') })
  expect(await directory.findKey('zzzzzzzzzzzz')).toBeNull()
  expect((await directory.listKeys({ limit: 10 })).items).toEqual([made.value])
  must(await directory.deleteKey('aaaaaaaaaaaa', actor))
  expect(await directory.findKey('aaaaaaaaaaaa')).toBeNull()
  expect(await directory.deleteKey('aaaaaaaaaaaa', actor)).toMatchObject({ code: 'key_not_found' })
})

test('a key that has expired is not found', async () => {
  must(await directory.createKey(key('bbbbbbbbbbbb', { expiresAt: new Date(Date.now() - 1) }), actor))
  must(await directory.createKey(key('cccccccccccc', { expiresAt: new Date(Date.now() + 60_000) }), actor))
  expect(await directory.findKey('bbbbbbbbbbbb')).toBeNull()
  expect(await directory.findKey('cccccccccccc')).toMatchObject({ key: { keyId: 'cccccccccccc' } })
})

const report = (host: string, map: string, more: Partial<HostReport> = {}) =>
  ({ host, map, cursor: null, root: null, level: 'staged', failedStep: null, reason: null, ...more }) as const

test('of each host and map the last report is kept, and none makes a revision', async () => {
  const head = await directory.getHead()
  const cursor = { lineage: 1, revision: 7, nonce: '0123456789abcdef' }
  await directory.saveReports([report('pop1', 'popmap'), report('pop2', 'popmap'), report('none', 'popmap')])
  await directory.saveReports([
    report('pop1', 'popmap', { reason: 'an earlier one' }),
    report('pop1', 'popmap', { cursor, root: 'ab', level: 'applied', failedStep: 'probe', reason: 'no such key' }),
  ])
  await directory.saveReports([])
  const at = expect.any(Date)
  expect(await directory.listReports({})).toEqual([
    { ...report('pop1', 'popmap', { cursor, root: 'ab', level: 'applied', failedStep: 'probe', reason: 'no such key' }), reportedAt: at },
    { ...report('pop2', 'popmap'), reportedAt: at },
  ])
  expect(await directory.listReports({ host: 'pop2' })).toHaveLength(1)
  expect(await directory.listReports({ map: 'userdb' })).toEqual([])
  expect(await directory.getHead()).toEqual(head)
})

test('a deleted host takes its keys and reports with it, all in one revision', async () => {
  must(await directory.createKey(key('dddddddddddd', { role: 'host', host: 'pop1' }), actor))
  expect(await directory.createKey(key('eeeeeeeeeeee', { role: 'host', host: 'none' }), actor)).toMatchObject({ code: 'host_not_found' })
  const { revision } = must(await directory.deleteHost('pop1', actor))
  expect(await directory.findKey('dddddddddddd')).toBeNull()
  expect(await directory.listReports({ host: 'pop1' })).toEqual([])
  const { items } = await directory.listChanges({ afterRevision: revision - 1, limit: 10 })
  expect(items.map((item) => `${item.kind} ${item.key} ${item.action}`)).toEqual(['key dddddddddddd delete', 'host pop1 delete'])
  expect(await directory.deleteHost('pop1', actor)).toMatchObject({ code: 'host_not_found' })
})
