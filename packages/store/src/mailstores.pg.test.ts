import type { Directory } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from './open-store.js'
import { actor, address, mailstore, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url)
  directory = store.directory
})
afterAll(() => store.close())

const put = async (name: string, more = {}) => must(await directory.putMailstore(mailstore(name, more), actor))

test('a put makes a mailstore, a repeat changes nothing, a difference changes it', async () => {
  const made = await put('new1', { port: 1143 })
  expect(made).toMatchObject({ created: true, value: { ...mailstore('new1'), port: 1143, mailboxes: 0 } })
  expect(await put('new1', { port: 1143 })).toEqual({ ...made, created: false, changed: false })
  const moved = await put('new1', { host: 'other.example' })
  expect(moved).toMatchObject({ created: false, changed: true, revision: made.revision + 1, value: { host: 'other.example', port: null } })
  expect(await directory.getMailstore('new1')).toEqual(moved.value)
  expect(await directory.getMailstore('none')).toBeNull()
})

test('a patch changes what it names; a mailbox follows its root', async () => {
  await put('new2')
  const { home } = must(await directory.createMailbox(request('root@example.net', { mailstore: 'new2' }), actor)).value
  const patched = must(await directory.patchMailstore('new2', { root: '/elsewhere', state: 'draining' }, actor))
  expect(patched.value).toMatchObject({ root: '/elsewhere', state: 'draining', host: 'new2.example', mailboxes: 1 })
  expect(await directory.getMailbox(address('root@example.net'))).toMatchObject({ home: home.replace('/new2/', '/elsewhere/') })
  expect(must(await directory.patchMailstore('new2', { state: 'draining' }, actor)).changed).toBe(false)
  expect(await directory.patchMailstore('none', { state: 'open' }, actor)).toMatchObject({ code: 'mailstore_not_found' })
})

test('a change of a mailstore is one logged row, whatever it holds', async () => {
  const { revision } = must(await directory.patchMailstore('ms1', { host: '10.0.0.9', port: 110 }, actor))
  const { items } = await directory.listChanges({ afterRevision: revision - 1, limit: 10 })
  expect(items).toMatchObject([
    { kind: 'mailstore', key: 'ms1', before: { host: 'ms1.example', port: null }, after: { host: '10.0.0.9', port: 110 } },
  ])
})

test('lists count the mailboxes', async () => {
  must(await directory.createMailbox(request('count@example.net', { mailstore: 'ms2' }), actor))
  const first = await directory.listMailstores({ limit: 1 })
  expect(first).toMatchObject({ items: [{ name: 'ms1' }], next: 'ms1' })
  expect((await directory.listMailstores({ limit: 1, after: 'ms1' })).items).toMatchObject([{ name: 'ms2', mailboxes: 1 }])
})

test('a mailstore with mailboxes, or served by a host, is not deleted', async () => {
  await put('del')
  must(await directory.createMailbox(request('del@example.net', { mailstore: 'del' }), actor))
  expect(await directory.deleteMailstore('del', actor)).toMatchObject({ code: 'mailstore_not_empty' })
  must(await directory.deleteMailbox(address('del@example.net'), actor))
  must(await directory.putHost({ name: 'st1', roles: ['mailstore'], mailstores: ['del'] }, actor))
  expect(await directory.deleteMailstore('del', actor)).toMatchObject({
    code: 'mailstore_not_empty',
    detail: expect.stringContaining('st1'),
  })
  must(await directory.patchHost('st1', { mailstores: [] }, actor))
  must(await directory.deleteMailstore('del', actor))
  expect(await directory.deleteMailstore('del', actor)).toMatchObject({ code: 'mailstore_not_found' })
})

test('mailboxes made one after the other go to the mailstores in turn, deletions included', async () => {
  for (const name of ['ms1', 'ms2', 'new1', 'new2']) must(await directory.patchMailstore(name, { state: 'offline' }, actor))
  await put('even1')
  await put('even2')
  for (let n = 0; n < 9; n += 1) must(await directory.createMailbox(request(`even${n}@example.net`), actor))
  const counts = async () =>
    (await directory.listMailstores({ limit: 10 })).items.filter((m) => m.name.startsWith('even')).map((m) => m.mailboxes)
  expect(await counts()).toEqual([5, 4])
  const { items } = await directory.listMailboxes({ limit: 2, mailstore: 'even1' })
  for (const { address: text } of items) must(await directory.deleteMailbox(text, actor))
  must(await directory.createMailbox(request('even-a@example.net'), actor))
  expect(await counts()).toEqual([4, 4])
})
