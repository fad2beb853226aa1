import type { Directory, MailboxRequest } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from './open-store.js'
import { actor, address, CUSTOMER, domain, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url, { maxConnections: 16 })
  directory = store.directory
})
afterAll(() => store.close())

const run = async (requests: readonly MailboxRequest[], dryRun = false, customerId = CUSTOMER) =>
  must(
    await directory.importMailboxes(
      requests.map((one) => ({ request: one })),
      { dryRun, customerId },
      actor,
    ),
  )
const changesOf = async (revision: number) => (await directory.listChanges({ afterRevision: revision - 1, limit: 1 })).items

test('a thousand mailboxes are made in one revision, spread over the mailstores', async () => {
  must(await directory.putDomain({ domain: domain('many.example'), customerId: CUSTOMER }, actor))
  const head = await directory.getHead()
  const requests = Array.from({ length: 1_000 }, (_, n) =>
    request(`u${n}@many.example`, { name: `Nº ${n}`, quotaBytes: n * 1e10, services: ['pop3'] }),
  )
  const outcome = await run(requests)
  expect(outcome).toMatchObject({ applied: true, revision: head.revision + 1 })
  expect(outcome.verdicts).toEqual(requests.map((one) => ({ address: one.address, verdict: 'created' })))

  const mailbox = await directory.getMailbox(address('u7@many.example'))
  expect(mailbox).toMatchObject({ name: 'Nº 7', quotaBytes: 7e10, services: ['pop3'], hasPassword: true, revision: outcome.revision })
  expect(await directory.loadPasswordHashes(address('u7@many.example'))).toEqual(requests[7]?.hashes)
  const logged = await changesOf(outcome.revision as number)
  expect(logged).toHaveLength(1_000)
  expect(logged[0]).toMatchObject({
    key: 'u0@many.example',
    action: 'create',
    customerId: CUSTOMER,
    after: { mailboxId: expect.any(String), mailstore: expect.any(String) },
  })
  const { items } = await directory.listMailstores({ limit: 10 })
  expect(items.map((item) => item.mailboxes)).toEqual([500, 500])
})

test('the same again is unchanged and logs nothing', async () => {
  const requests = [
    request('same@example.net', { home: '/ms1/x/same' }),
    request('bare@example.net', { hashes: { argon2id: null, crypt: null } }),
  ]
  await run(requests)
  const head = await directory.getHead()
  const again = await run(requests)
  expect(again).toMatchObject({ applied: true, revision: null, verdicts: [{ verdict: 'unchanged' }, { verdict: 'unchanged' }] })
  // A password may have been set since: a row without a hash, or with one of the two that are kept, does not touch it.
  expect((await run([request('same@example.net', { hashes: { argon2id: null, crypt: '$2b$a' } })])).verdicts[0]).toMatchObject({
    verdict: 'unchanged',
  })
  expect((await run([request('same@example.net', { hashes: { argon2id: null, crypt: null } })])).verdicts[0]).toMatchObject({
    verdict: 'unchanged',
  })
  expect(await directory.getHead()).toEqual(head)
})

test('what differs is updated, and logged field by field; a hash only when a new one is given', async () => {
  await run([request('up@example.net'), request('pw@example.net')])
  const changed = [
    request('up@example.net', { quotaBytes: 5, services: ['imap'], uid: 7, hashes: { argon2id: null, crypt: null } }),
    request('pw@example.net', { hashes: { argon2id: null, crypt: '$6$new' } }),
  ]
  const outcome = await run(changed)
  expect(outcome.verdicts.map((one) => one.verdict)).toEqual(['updated', 'updated'])
  expect(await directory.getMailbox(address('up@example.net'))).toMatchObject({
    quotaBytes: 5,
    services: ['imap'],
    uid: 7,
    gid: 5000,
    hasPassword: true,
  })
  expect(await directory.loadPasswordHashes(address('up@example.net'))).toEqual({ argon2id: '$argon2id$a', crypt: '$2b$a' })
  expect(await directory.loadPasswordHashes(address('pw@example.net'))).toEqual({ argon2id: null, crypt: '$6$new' })
  expect(await changesOf(outcome.revision as number)).toMatchObject([
    { key: 'pw@example.net', action: 'update', before: {}, after: { password: 'changed' } },
    { key: 'up@example.net', before: { quotaBytes: null, uid: 5000 }, after: { quotaBytes: 5, services: ['imap'], uid: 7 } },
  ])
})

test('an import suspends, and never frees', async () => {
  await run([request('sus@example.net'), request('abuse@example.net')])
  must(await directory.setMailboxState(address('abuse@example.net'), 'suspend', actor))
  const { verdicts } = await run([request('sus@example.net', { state: 'suspended' }), request('abuse@example.net')])
  expect(verdicts.map((one) => one.verdict)).toEqual(['updated', 'unchanged'])
  expect(await directory.getMailbox(address('sus@example.net'))).toMatchObject({ state: 'suspended', status: 'suspended' })
  expect(await directory.getMailbox(address('abuse@example.net'))).toMatchObject({ state: 'suspended' })
})

test('one bad row, and nothing is written; every bad row is named', async () => {
  must(await directory.putCustomer({ customerId: 'C-2', name: 'Other' }, actor))
  must(await directory.putDomain({ domain: domain('other.example'), customerId: 'C-2' }, actor))
  await run([request('old@example.net', { mailstore: 'ms1', home: '/ms1/h/old' })])
  const head = await directory.getHead()
  const { verdicts, applied, revision } = await run([
    request('good@example.net'),
    request('a@none.example'),
    request('a@other.example'),
    request('a@example.net', { mailstore: 'none' }),
    request('b@example.net', { home: '/ms1/h/old' }),
    request('c@example.net', { home: '/ms1/h/new' }),
    request('d@example.net', { home: '/ms1/h/new' }),
    request('good@example.net'),
    request('old@example.net', { home: '/ms1/h/elsewhere' }),
  ])
  expect(verdicts.map((one) => (one.verdict === 'refused' ? one.code : one.verdict))).toEqual([
    'created',
    'domain_not_found',
    'domain_not_found',
    'mailstore_not_found',
    'path_in_use',
    'created',
    'path_in_use',
    'address_in_use',
    'address_in_use',
  ])
  expect({ applied, revision }).toEqual({ applied: false, revision: null })
  expect(await directory.getHead()).toEqual(head)
  expect(await directory.getMailbox(address('good@example.net'))).toBeNull()
})

test('a dry run gives the same verdicts and writes nothing', async () => {
  await run([request('dry-old@example.net')])
  const head = await directory.getHead()
  const requests = [request('dry@example.net'), request('dry-old@example.net', { name: 'New' })]
  const dry = await run(requests, true)
  expect(dry).toMatchObject({ applied: false, revision: null, verdicts: [{ verdict: 'created' }, { verdict: 'updated' }] })
  expect(await directory.getHead()).toEqual(head)
  expect(await directory.getMailbox(address('dry@example.net'))).toBeNull()
  expect((await run(requests)).verdicts).toEqual(dry.verdicts)
})

test('an unknown customer is refused, and more rows than a call takes are a bug of the caller', async () => {
  expect(await directory.importMailboxes([], { dryRun: false, customerId: 'C-none' }, actor)).toMatchObject({ code: 'customer_not_found' })
  await expect(run(Array.from({ length: 1_001 }, (_, n) => request(`n${n}@example.net`)))).rejects.toThrow(RangeError)
})

test('eight imports of the same rows at once, in different orders: each mailbox is made once', async () => {
  const requests = Array.from({ length: 100 }, (_, n) => request(`par${n}@example.net`))
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, n) => run([...requests.slice(n * 12), ...requests.slice(0, n * 12)].sort(() => (n % 2 ? -1 : 0)))),
  )
  const counts = outcomes.map((outcome) => outcome.verdicts.filter((one) => one.verdict === 'created').length)
  expect(counts.sort((a, b) => b - a)).toEqual([100, 0, 0, 0, 0, 0, 0, 0])
  expect(outcomes.filter((outcome) => outcome.revision !== null)).toHaveLength(1)
})
