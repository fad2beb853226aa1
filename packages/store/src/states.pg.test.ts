import { planState, STATE_CHANGES, strongestState, type Directory, type State, type StateChange } from '@muster/domain'
import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sequence } from './revision-load.fixture.js'
import { openStore, type Store } from './open-store.js'
import { actor, address, CUSTOMER, domain, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url, { maxConnections: 16 })
  directory = store.directory
})
afterAll(() => store.close())

test('a customer suspended: its domains and mailboxes follow, each logged with it in one revision', async () => {
  must(await directory.putCustomer({ customerId: 'C-2', name: 'Two' }, actor))
  for (const name of ['a.example', 'b.example']) must(await directory.putDomain({ domain: domain(name), customerId: 'C-2' }, actor))
  for (const text of ['x@a.example', 'y@a.example', 'z@b.example'])
    must(await directory.createMailbox(request(text, { mailstore: 'ms1' }), actor))
  must(await directory.setMailboxState(address('y@a.example'), 'suspend', actor))

  const suspended = must(await directory.setCustomerState('C-2', 'suspend', actor))
  expect(suspended).toMatchObject({ changed: true, affectedMailboxes: 2, value: { state: 'suspended' } })
  const { items } = await directory.listChanges({ afterRevision: suspended.revision - 1, limit: 100 })
  const affected = { action: 'affected', customerId: 'C-2', before: { status: 'active' }, after: { status: 'suspended' } }
  expect(items).toMatchObject([
    { kind: 'customer', key: 'C-2', action: 'suspend', before: { state: 'active' }, after: { state: 'suspended' } },
    { kind: 'domain', key: 'a.example', ...affected },
    { kind: 'domain', key: 'b.example', ...affected },
    { kind: 'mailbox', key: 'x@a.example', ...affected },
    { kind: 'mailbox', key: 'z@b.example', ...affected },
  ])
  expect(items).toHaveLength(5)
  expect(await directory.getMailbox(address('x@a.example'))).toMatchObject({
    state: 'active',
    status: 'suspended',
    revision: suspended.revision,
  })
  expect(await directory.getDomain(domain('b.example'))).toMatchObject({
    state: 'active',
    status: 'suspended',
    revision: suspended.revision,
  })

  expect(must(await directory.setCustomerState('C-2', 'suspend', actor))).toEqual({ ...suspended, changed: false, affectedMailboxes: 0 })
  expect(must(await directory.setCustomerState('C-2', 'resume', actor)).affectedMailboxes).toBe(2)
  expect(await directory.getMailbox(address('y@a.example'))).toMatchObject({ status: 'suspended' })
  expect(await directory.setCustomerState('C-none', 'suspend', actor)).toMatchObject({ code: 'customer_not_found' })
})

test('a mailbox suspended, closed and resumed by itself', async () => {
  must(await directory.createMailbox(request('self@example.net'), actor))
  const set = async (change: StateChange) => must(await directory.setMailboxState(address('self@example.net'), change, actor))
  expect(await set('suspend')).toMatchObject({ changed: true, affectedMailboxes: 1, value: { state: 'suspended', status: 'suspended' } })
  expect(await set('suspend')).toMatchObject({ changed: false, affectedMailboxes: 0 })
  expect(await set('close')).toMatchObject({ changed: true, value: { state: 'closed' } })
  expect(await set('suspend')).toMatchObject({ changed: false, value: { state: 'closed' } })
  expect(await set('resume')).toMatchObject({ changed: true, value: { state: 'active', status: 'active' } })
  expect(await directory.setMailboxState(address('none@example.net'), 'close', actor)).toMatchObject({ code: 'mailbox_not_found' })
  expect(await directory.setDomainState(domain('none.example'), 'close', actor)).toMatchObject({ code: 'domain_not_found' })
})

test('whatever the order of changes, the strongest state wins and exactly the mailboxes whose status changed are logged', async () => {
  must(await directory.putCustomer({ customerId: 'C-m', name: 'Model' }, actor))
  const domains = ['m1.example', 'm2.example']
  const addresses = domains.flatMap((name) => [`a@${name}`, `b@${name}`])
  for (const name of domains) must(await directory.putDomain({ domain: domain(name), customerId: 'C-m' }, actor))
  for (const text of addresses) must(await directory.createMailbox(request(text), actor))
  const model = new Map<string, State>(['C-m', ...domains, ...addresses].map((key) => [key, 'active']))
  const statusOf = (text: string) => strongestState(...['C-m', text.split('@')[1] as string, text].map((key) => model.get(key) as State))
  const random = sequence(7)

  for (let n = 0; n < 60; n += 1) {
    const change = STATE_CHANGES[random(3)] as StateChange
    const key = [...model.keys()][random(model.size)] as string
    const before = new Map(addresses.map((text) => [text, statusOf(text)]))
    model.set(key, planState(model.get(key) as State, change))
    const moved = addresses.filter((text) => statusOf(text) !== before.get(text))
    const head = await directory.getHead()
    const result = key.includes('@')
      ? must(await directory.setMailboxState(address(key), change, actor))
      : domains.includes(key)
        ? must(await directory.setDomainState(domain(key), change, actor))
        : must(await directory.setCustomerState(key, change, actor))

    expect(result.affectedMailboxes).toBe(moved.length)
    const { items } = await directory.listMailboxes({ limit: 10, customerId: 'C-m' })
    expect(items.map((mailbox) => mailbox.status)).toEqual(items.map((mailbox) => statusOf(mailbox.address)))
    const logged = (await directory.listChanges({ afterRevision: head.revision, limit: 100 })).items.filter(
      (item) => item.kind === 'mailbox',
    )
    expect(
      logged
        .map((item) => item.key)
        .filter((logkey) => moved.includes(logkey))
        .sort(),
    ).toEqual(moved.sort())
    expect(logged.every((item) => moved.includes(item.key) || item.key === key)).toBe(true)
  }
})

/** What a publisher knows that only follows the log: the status of each mailbox as of the revision that last logged it. */
async function statusByLog(customerId: string): Promise<Map<string, string>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ key: string; customer: State; mailbox: State }>(
      `select distinct on (l.key) l.key,
         coalesce((select c.after->>'state' from change_log c join revision rc using (change_set)
           where c.kind = 'customer' and c.key = $1 and rc.revision <= r.revision order by rc.revision desc limit 1), 'active') as customer,
         coalesce((select c.after->>'state' from change_log c join revision rc using (change_set)
           where c.kind = 'mailbox' and c.key = l.key and c.after ? 'state' and rc.revision <= r.revision order by rc.revision desc limit 1), 'active') as mailbox
       from change_log l join revision r using (change_set) where l.kind = 'mailbox' and l.customer_id = $1
       order by l.key, r.revision desc`,
      [customerId],
    )
    return new Map(rows.map((row) => [row.key, strongestState(row.customer, row.mailbox)]))
  } finally {
    await client.end()
  }
}

test('mailboxes made, imported and changed while their customer goes up and down: none is missing from the log', async () => {
  must(await directory.putCustomer({ customerId: 'C-race', name: 'Race' }, actor))
  must(await directory.putDomain({ domain: domain('race.example'), customerId: 'C-race' }, actor))
  const other = await openStore({ databaseUrl: url, maxConnections: 4 })
  const until = { stopped: false }
  const creators = Array.from({ length: 8 }, async (_, w) => {
    for (let n = 0; !until.stopped; n += 1) {
      const text = `c${w}-${n}@race.example`
      if (w === 0) must(await directory.importMailboxes([{ request: request(text) }], { dryRun: false, customerId: 'C-race' }, actor))
      else must(await directory.createMailbox(request(text), actor))
      if (w === 1) must(await directory.setMailboxState(address(text), 'suspend', actor))
      if (w === 1) must(await directory.setMailboxState(address(text), 'resume', actor))
    }
  })
  let flips = 0
  try {
    // The gate lets the changes of state take their turn among creators that never pause.
    for (; flips < 20; flips += 1) must(await other.directory.setCustomerState('C-race', flips % 2 ? 'resume' : 'suspend', actor))
    must(await other.directory.setCustomerState('C-race', 'suspend', actor))
  } finally {
    until.stopped = true
    await Promise.all(creators)
    await other.close()
  }
  const mailboxes = []
  for (let after: string | null = ''; after !== null;) {
    const page = await directory.listMailboxes({ limit: 1000, customerId: 'C-race', after })
    mailboxes.push(...page.items)
    after = page.next
  }
  const followed = await statusByLog('C-race')
  expect(mailboxes.length).toBeGreaterThan(20)
  expect(mailboxes.filter((mailbox) => followed.get(mailbox.address) !== mailbox.status).map((mailbox) => mailbox.address)).toEqual([])
})

test('a customer that is suspended while a domain of it is resumed: one after the other, never a deadlock', async () => {
  const results = await Promise.all(
    Array.from({ length: 24 }, (_, n) =>
      n % 2
        ? directory.setCustomerState(CUSTOMER, n % 4 === 1 ? 'suspend' : 'resume', actor)
        : directory.setDomainState(domain('example.net'), n % 4 === 0 ? 'suspend' : 'resume', actor),
    ),
  )
  expect(results.every((one) => one.ok)).toBe(true)
})
