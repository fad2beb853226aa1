import type { Directory, MailboxRequest } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from './open-store.js'
import { actor, address, CUSTOMER, domain, mailstore, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url)
  directory = store.directory
})
afterAll(() => store.close())

const create = (text: string, more: Partial<MailboxRequest> = {}) => directory.createMailbox(request(text, more), actor)
const changesOf = async (revision: number) => (await directory.listChanges({ afterRevision: revision - 1, limit: 1 })).items

test('a mailbox is made as asked, and read back the same', async () => {
  const asked = {
    mailstore: 'ms2',
    home: '/ms2/sales/tevie',
    maildir: '/ms2/sales/tevie',
    uid: 1001,
    gid: 1002,
    quotaBytes: 9_007_199_254_740_991,
    quotaMessages: 10,
    services: ['pop3', 'imap'] as const,
    name: 'Tévie Ł. 🥛',
  }
  const made = must(await create("o'brien+x@example.net", asked))
  expect(made).toMatchObject({ created: true, changed: true, revision: (await directory.getHead()).revision })
  expect(made.value).toMatchObject({
    ...asked,
    services: ['imap', 'pop3'],
    customerId: CUSTOMER,
    hasPassword: true,
    state: 'active',
    status: 'active',
  })
  expect(await directory.getMailbox(address("o'brien+x@example.net"))).toEqual(made.value)
})

test('what is not said is chosen: path by address, owner by mailstore, the mailstore with the fewest mailboxes', async () => {
  must(await directory.putMailstore(mailstore('ms3', { uid: 8, gid: 9 }), actor))
  const made = must(await create('plain@example.net', { hashes: { argon2id: null, crypt: null } })).value
  expect(made).toMatchObject({ mailstore: 'ms1', uid: 5000, hasPassword: false, quotaBytes: null })
  expect(made.home).toMatch(/^\/ms1\/\d\d\/\d\d\/plain@example\.net$/)
  expect(made.maildir).toBe(`${made.home}/Maildir`)
  expect(await directory.loadPasswordHashes(made.address)).toBeNull()
  expect(must(await create('next@example.net')).value).toMatchObject({ mailstore: 'ms3', uid: 8, gid: 9 })
})

test.each([
  ['domain_not_found', 'a@none.example', {}],
  ['mailstore_not_found', 'a@example.net', { mailstore: 'none' }],
  ['mailstore_not_open', 'a@example.net', { mailstore: 'drained' }],
  ['path_outside_root', 'a@example.net', { mailstore: 'ms1', home: '/ms2/a' }],
  ['no_mailstore_capacity', 'a@example.net', { home: '/elsewhere/a' }],
  ['path_in_use', 'a@example.net', { mailstore: 'ms1', home: '/ms1/taken' }],
  ['address_in_use', 'taken@example.net', {}],
  ['domain_closed', 'a@closed.example', {}],
] as const)('%s: %s %j is refused, and nothing is written', async (code, text, more) => {
  must(await directory.putMailstore(mailstore('drained', { state: 'draining' }), actor))
  must(await directory.putDomain({ domain: domain('closed.example'), customerId: CUSTOMER }, actor))
  must(await directory.setDomainState(domain('closed.example'), 'close', actor))
  if (!(await directory.getMailbox(address('taken@example.net')))) must(await create('taken@example.net', { home: '/ms1/taken' }))
  const head = await directory.getHead()
  expect(await create(text, more)).toMatchObject({ ok: false, code })
  expect(await directory.getHead()).toEqual(head)
})

test('32 creators of one address: exactly one wins, the others are told, and one revision is made', async () => {
  const head = await directory.getHead()
  const all = await Promise.all(Array.from({ length: 32 }, () => create('race@example.net')))
  expect(all.filter((one) => one.ok)).toHaveLength(1)
  expect(all.filter((one) => !one.ok && one.code === 'address_in_use')).toHaveLength(31)
  expect((await directory.getHead()).revision).toBe(head.revision + 1)
})

test('32 creators of one home: exactly one wins', async () => {
  const all = await Promise.all(Array.from({ length: 32 }, (_, n) => create(`home${n}@example.net`, { home: '/ms2/one-home' })))
  expect(all.filter((one) => one.ok)).toHaveLength(1)
  expect(all.filter((one) => !one.ok && one.code === 'path_in_use')).toHaveLength(31)
})

test('a patch changes what it names and logs that alone; a repeat logs nothing', async () => {
  const made = must(await create('patch@example.net', { name: 'A', quotaBytes: 5 })).value
  const patched = must(await directory.patchMailbox(made.address, { quotaBytes: null, services: ['smtp', 'imap'] }, actor))
  expect(patched).toMatchObject({ created: false, changed: true })
  expect(patched.value).toEqual({
    ...made,
    quotaBytes: null,
    services: ['imap', 'smtp'],
    updatedAt: patched.value.updatedAt,
    revision: made.revision + 1,
  })
  expect(await changesOf(patched.revision)).toMatchObject([
    {
      action: 'update',
      before: { quotaBytes: 5, services: ['imap', 'pop3', 'smtp'] },
      after: { quotaBytes: null, services: ['imap', 'smtp'] },
    },
  ])
  const again = must(await directory.patchMailbox(made.address, { quotaBytes: null, services: ['imap', 'smtp'] }, actor))
  expect(again).toEqual({ ...patched, changed: false })
  expect(await directory.patchMailbox(address('none@example.net'), { uid: 1 }, actor)).toMatchObject({ code: 'mailbox_not_found' })
})

test('every field can be patched', async () => {
  const made = must(await create('fields@example.net')).value
  const fields = { quotaBytes: 1, quotaMessages: 2, name: 'New', uid: 3, gid: 4, services: [] }
  expect(must(await directory.patchMailbox(made.address, fields, actor)).value).toMatchObject(fields)
})

test('a password is kept apart, and the log says only that it changed', async () => {
  const made = must(await create('pw@example.net', { hashes: { argon2id: 'SECRET-1', crypt: null } })).value
  expect(await directory.loadPasswordHashes(made.address)).toEqual({ argon2id: 'SECRET-1', crypt: null })
  const hashes = { argon2id: 'SECRET-2', crypt: 'SECRET-3' }
  const changed = must(await directory.patchMailbox(made.address, { hashes }, actor))
  expect(await changesOf(changed.revision)).toMatchObject([{ before: {}, after: { password: 'changed' } }])
  expect(await directory.loadPasswordHashes(made.address)).toEqual(hashes)
  expect(must(await directory.patchMailbox(made.address, { hashes }, actor)).changed).toBe(false)
  const removed = must(await directory.patchMailbox(made.address, { hashes: { argon2id: null, crypt: null } }, actor))
  expect(removed.value.hasPassword).toBe(false)
  expect(await changesOf(removed.revision)).toMatchObject([{ after: { password: 'removed' } }])
})

test('no hash is anywhere in the log, nor in what reads answer', async () => {
  await create('secret@example.net', { hashes: { argon2id: 'SECRET-4', crypt: 'SECRET-5' } })
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(`select * from change_log c where c::text like '%SECRET%'`)
  await client.end()
  expect(rows).toEqual([])
  expect(JSON.stringify(await directory.listMailboxes({ limit: 1000 }))).not.toContain('SECRET')
})

test('a deleted mailbox is gone with its password, and its address is kept for its customer', async () => {
  const made = must(await create('gone@example.net')).value
  const { revision } = must(await directory.deleteMailbox(made.address, actor))
  expect(await directory.getMailbox(made.address)).toBeNull()
  expect(await directory.loadPasswordHashes(made.address)).toBeNull()
  const { mailboxId, home } = made
  expect(await changesOf(revision)).toMatchObject([
    { action: 'delete', before: { mailboxId, home, mailstore: made.mailstore }, after: null },
  ])
  expect(await directory.deleteMailbox(made.address, actor)).toMatchObject({ code: 'mailbox_not_found' })
  const again = must(await create('gone@example.net')).value
  expect(again.mailboxId).not.toBe(mailboxId)
})

test('an address in quarantine is not given to another customer', async () => {
  must(await directory.putDomain({ domain: domain('moving.example'), customerId: CUSTOMER }, actor))
  must(await create('a@moving.example'))
  must(await directory.deleteMailbox(address('a@moving.example'), actor))
  must(await directory.deleteDomain(domain('moving.example'), actor))
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`delete from tombstone where kind = 'domain' and key = 'moving.example'`)
  must(await directory.putCustomer({ customerId: 'C-2', name: 'Other' }, actor))
  must(await directory.putDomain({ domain: domain('moving.example'), customerId: 'C-2' }, actor))
  expect(await create('a@moving.example')).toMatchObject({ ok: false, code: 'address_quarantined' })
  expect(must(await create('b@moving.example')).value.customerId).toBe('C-2')
  await client.query(`update tombstone set until = now() where key = 'a@moving.example'`)
  await client.end()
  expect(must(await create('a@moving.example')).value.customerId).toBe('C-2')
})

test('a list goes by domain, customer, mailstore and state, in pages, in order of bytes', async () => {
  must(await directory.putDomain({ domain: domain('list.example'), customerId: CUSTOMER }, actor))
  for (const name of ['b', 'a', 'c-1', 'c', 'd']) must(await create(`${name}@list.example`, { mailstore: name === 'd' ? 'ms2' : 'ms1' }))
  must(await directory.setMailboxState(address('c@list.example'), 'suspend', actor))
  const names = (items: readonly { address: string }[]) => items.map((item) => item.address.split('@')[0])
  const list = { domain: domain('list.example') }
  const first = await directory.listMailboxes({ ...list, limit: 2 })
  expect(names(first.items)).toEqual(['a', 'b'])
  const second = await directory.listMailboxes({ ...list, limit: 2, after: first.next ?? '' })
  expect(names(second.items)).toEqual(['c-1', 'c'])
  expect(await directory.listMailboxes({ ...list, limit: 2, after: second.next ?? '' })).toMatchObject({
    items: [{ mailstore: 'ms2' }],
    next: null,
  })
  expect(names((await directory.listMailboxes({ ...list, limit: 9, state: 'suspended', customerId: CUSTOMER })).items)).toEqual(['c'])
  expect(names((await directory.listMailboxes({ ...list, limit: 9, mailstore: 'ms2' })).items)).toEqual(['d'])
  expect((await directory.listMailboxes({ limit: 9, customerId: 'C-none' })).items).toEqual([])
})
