import { expect, test } from 'vitest'
import type { Address } from '../address/parse-address.js'
import type { DomainName } from '../domain/parse-domain-name.js'
import { planImport, refuseTakenHomes, type ImportFacts } from './plan-import.js'
import type { MailboxRequest, MailstoreFacts } from './plan-mailbox.js'
import type { Mailbox } from './types.js'

const store = (name: string, more: Partial<MailstoreFacts> = {}): MailstoreFacts => ({
  name,
  root: `/${name}`,
  uid: 5000,
  gid: 5000,
  state: 'open',
  mailboxes: 0,
  ...more,
})

const request = (address: string, more: Partial<MailboxRequest> = {}): MailboxRequest => ({
  address: address as Address,
  hashes: { argon2id: null, crypt: '$6$new' },
  quotaBytes: null,
  quotaMessages: null,
  services: ['imap'],
  name: null,
  state: 'active',
  ...more,
})

const mailbox: Mailbox = {
  mailboxId: 'id',
  address: 'old@example.net' as Address,
  customerId: 'C-1',
  domain: 'example.net' as DomainName,
  mailstore: 'ms1',
  home: '/ms1/a/old',
  maildir: '/ms1/a/old/Maildir',
  uid: 1,
  gid: 2,
  quotaBytes: null,
  quotaMessages: null,
  services: ['imap'],
  name: null,
  hasPassword: true,
  state: 'active',
  status: 'active',
  createdAt: new Date(0),
  updatedAt: new Date(0),
  revision: 1,
}
const kept = { argon2id: '$argon2id$kept', crypt: '$6$kept' }

const facts = (more: Partial<ImportFacts> = {}): ImportFacts => ({
  customerId: 'C-1',
  domains: new Map([
    ['example.net' as DomainName, { customerId: 'C-1', status: 'active' }],
    ['other.example' as DomainName, { customerId: 'C-2', status: 'active' }],
  ]),
  existing: new Map([[mailbox.address, { mailbox, hashes: kept }]]),
  quarantined: new Map(),
  mailstores: [store('ms1'), store('ms2')],
  ...more,
})

const verdictsOf = (plan: ReturnType<typeof planImport>) => plan.verdicts.map((one) => (one.verdict === 'refused' ? one.code : one.verdict))
const old = (more: Partial<MailboxRequest> = {}) =>
  planImport([request('old@example.net', { hashes: { argon2id: null, crypt: null }, ...more })], facts())

test('new mailboxes spread over the mailstores as if each were made after the one before', () => {
  const plan = planImport(
    ['a', 'b', 'c', 'd'].map((name) => request(`${name}@example.net`)),
    facts({ mailstores: [store('ms1', { mailboxes: 1 }), store('ms2')] }),
  )
  expect(plan.creates.map((create) => create.mailstore)).toEqual(['ms2', 'ms1', 'ms2', 'ms1'])
})

test('a row that says what the mailbox is leaves it alone, in whatever order the services come', () => {
  expect(old()).toEqual({ verdicts: [{ address: 'old@example.net', verdict: 'unchanged' }], creates: [], updates: [] })
  expect(verdictsOf(old({ mailstore: 'ms1', home: mailbox.home, maildir: mailbox.maildir, uid: 1, gid: 2 }))).toEqual(['unchanged'])
})

test.each([
  { quotaBytes: 1 },
  { quotaMessages: 1 },
  { services: ['imap', 'pop3'] },
  { services: [] },
  { name: 'N' },
  { uid: 9 },
  { gid: 9 },
  { state: 'suspended' },
] as const)('a row with %j updates the mailbox to it', (more) => {
  const plan = old(more)
  expect(verdictsOf(plan)).toEqual(['updated'])
  expect(plan.updates).toMatchObject([{ before: mailbox, after: { ...mailbox, ...more }, hashes: null }])
})

test('a new hash replaces both that are kept; one of those is no change', () => {
  const hashes = { argon2id: null, crypt: '$6$new' }
  expect(old({ hashes }).updates).toMatchObject([{ hashes }])
  expect(verdictsOf(old({ hashes: { argon2id: null, crypt: kept.crypt } }))).toEqual(['unchanged'])
  expect(verdictsOf(old({ hashes: { argon2id: kept.argon2id, crypt: null } }))).toEqual(['unchanged'])
})

test('an import frees nobody', () => {
  const suspended = { mailbox: { ...mailbox, state: 'suspended' as const }, hashes: kept }
  const plan = planImport(
    [request('old@example.net', { hashes: kept, name: 'N' })],
    facts({ existing: new Map([[mailbox.address, suspended]]) }),
  )
  expect(plan.updates).toMatchObject([{ after: { state: 'suspended', name: 'N' } }])
})

test.each([{ mailstore: 'ms2' }, { home: '/ms1/b/old' }, { maildir: '/ms1/a/old/mail' }])(
  'a row with %j would move the mailbox and is refused',
  (more) => {
    expect(verdictsOf(old(more))).toEqual(['address_in_use'])
  },
)

test('domains that are missing or of another customer, and an address named twice, are refused', () => {
  const plan = planImport(
    ['a@none.example', 'a@other.example', 'a@example.net', 'a@example.net'].map((text) => request(text)),
    facts(),
  )
  expect(verdictsOf(plan)).toEqual(['domain_not_found', 'domain_not_found', 'created', 'address_in_use'])
})

test('an address in quarantine for another customer is refused', () => {
  const quarantined = new Map([['a@example.net' as Address, 'C-2']])
  expect(verdictsOf(planImport([request('a@example.net')], facts({ quarantined })))).toEqual(['address_quarantined'])
})

test('two rows of one home, and one whose home is taken, are refused; the rest of the plan stands', () => {
  const homes = ['x', 'x', 'y', 'z'].map((home, n) => request(`${n}@example.net`, { home: `/ms1/${home}` }))
  const plan = refuseTakenHomes(planImport(homes, facts()), (mailstore, homePath) => mailstore === 'ms1' && homePath === 'y')
  expect(verdictsOf(plan)).toEqual(['created', 'path_in_use', 'path_in_use', 'created'])
  expect(plan.creates.map((create) => create.homePath)).toEqual(['x', 'z'])
})
