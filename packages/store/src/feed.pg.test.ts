import type { Address, Cursor, Directory } from '@muster/domain'
import type { MailboxRow } from '@muster/maps'
import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from './open-store.js'
import { actor, address, CUSTOMER, domain, must, openSite, request } from './store.fixture.js'

const { url } = await testDatabase()
let store: Store
let directory: Directory

beforeAll(async () => {
  store = await openSite(url)
  directory = store.directory
})
afterAll(() => store.close())

async function collect(rows: AsyncIterable<readonly MailboxRow[]>): Promise<MailboxRow[]> {
  const all: MailboxRow[] = []
  for await (const page of rows) all.push(...page)
  return all
}

test('a snapshot sees one instant: rows, head and changes, whatever is written meanwhile', async () => {
  must(await directory.createMailbox(request('one@example.net', { mailstore: 'ms1' }), actor))
  await store.feed.withSnapshot(async (snapshot) => {
    const before = await directory.getHead()
    expect(snapshot.head).toEqual(before)
    must(await directory.createMailbox(request('two@example.net'), actor))
    must(await directory.patchMailbox(address('one@example.net'), { uid: 77 }, actor))
    must(await directory.putMailstore({ name: 'ms9', host: 'h', port: null, root: '/ms9', uid: 1, gid: 1, state: 'open' }, actor))
    expect(await collect(snapshot.allMailboxRows())).toMatchObject([{ address: 'one@example.net', uid: 5000 }])
    expect(await snapshot.mailboxRows([address('one@example.net'), address('two@example.net')])).toHaveLength(1)
    expect(await snapshot.mailstoreNames()).toEqual(['ms1', 'ms2'])
    expect((await snapshot.changesSince(0, 1000))?.mailboxes.has(address('two@example.net'))).toBe(false)
    expect(await store.feed.readHead()).toMatchObject({ revision: before.revision + 3 })
  })
})

test('a row has all that maps say of a mailbox', async () => {
  const hashes = { argon2id: '$argon2id$x', crypt: '$6$x' }
  const asked = {
    mailstore: 'ms2',
    home: '/ms2/h',
    maildir: '/ms2/h',
    hashes,
    quotaBytes: 5e9,
    quotaMessages: 3,
    name: 'N',
    services: ['pop3', 'imap'] as const,
  }
  const { mailboxId } = must(await directory.createMailbox(request('row@example.net', asked), actor)).value
  must(await directory.patchMailstore('ms2', { port: 1110 }, actor))
  must(await directory.setDomainState(domain('example.net'), 'suspend', actor))
  const rows = await store.feed.withSnapshot((snapshot) => snapshot.mailboxRows([address('row@example.net'), address('none@example.net')]))
  must(await directory.setDomainState(domain('example.net'), 'resume', actor))
  expect(rows).toEqual([
    {
      mailboxId,
      address: 'row@example.net',
      mailstore: 'ms2',
      mailstoreHost: 'ms2.example',
      mailstorePort: 1110,
      home: '/ms2/h',
      maildir: '/ms2/h',
      uid: 5000,
      gid: 5000,
      quotaBytes: 5e9,
      quotaMessages: 3,
      services: ['imap', 'pop3'],
      name: 'N',
      status: 'suspended',
      ...hashes,
    },
  ])
})

test('changes since a revision: each mailbox with the mailstores it was on, and mailstores that maps show', async () => {
  const { revision } = await directory.getHead()
  must(await directory.createMailbox(request('new@example.net', { mailstore: 'ms1' }), actor))
  must(await directory.patchMailbox(address('row@example.net'), { name: 'M' }, actor))
  must(await directory.patchMailbox(address('row@example.net'), { name: 'N' }, actor))
  must(await directory.patchMailstore('ms1', { state: 'draining' }, actor))
  must(await directory.patchMailstore('ms2', { host: 'new.example' }, actor))
  must(await directory.patchCustomer(CUSTOMER, { name: 'Renamed' }, actor))
  await store.feed.withSnapshot(async (snapshot) => {
    const changes = await snapshot.changesSince(revision, 100)
    expect([...(changes?.mailboxes ?? [])]).toEqual([
      ['new@example.net', []],
      ['row@example.net', ['ms2']],
    ])
    expect(changes).toMatchObject({ mailstores: ['ms2'], rows: 4 })
    expect(await snapshot.changesSince(revision, 4)).not.toBeNull()
    expect(await snapshot.changesSince(revision, 3)).toBeNull()
    expect(await snapshot.changesSince(snapshot.head.revision, 0)).toEqual({ mailboxes: new Map(), mailstores: [], rows: 0 })
  })
})

test('a deleted mailbox is logged with the mailstore it left; an unlogged one is not', async () => {
  const { revision } = await directory.getHead()
  must(await directory.deleteMailbox(address('new@example.net'), actor))
  const changes = await store.feed.withSnapshot((snapshot) => snapshot.changesSince(revision, 100))
  expect([...(changes?.mailboxes ?? [])]).toEqual([['new@example.net', ['ms1']]])
})

test('hosts are listed with what they are', async () => {
  must(await directory.putHost({ name: 'st1', roles: ['mailstore'], mailstores: ['ms1'] }, actor))
  must(await directory.putHost({ name: 'pop1', roles: ['proxy'], mailstores: [] }, actor))
  expect(await store.feed.withSnapshot((snapshot) => snapshot.hosts())).toEqual([
    { name: 'pop1', roles: ['proxy'], mailstores: [] },
    { name: 'st1', roles: ['mailstore'], mailstores: ['ms1'] },
  ])
})

test('all rows are streamed page by page, whole or of one mailstore, with other reads between', async () => {
  must(await directory.patchMailstore('ms1', { state: 'open' }, actor))
  must(await directory.putDomain({ domain: domain('many.example'), customerId: CUSTOMER }, actor))
  for (let k = 0; k < 11; k += 1) {
    const items = Array.from({ length: 1_000 }, (_, n) => ({
      request: request(`u${k}-${n}@many.example`, { mailstore: n % 4 ? 'ms1' : 'ms2' }),
    }))
    must(await directory.importMailboxes(items, { dryRun: false, customerId: CUSTOMER }, actor))
  }
  await store.feed.withSnapshot(async (snapshot) => {
    const sizes: number[] = []
    const seen = new Set<Address>()
    for await (const page of snapshot.allMailboxRows()) {
      sizes.push(page.length)
      for (const row of page) seen.add(row.address)
      expect(await snapshot.mailboxRows([page[0]?.address as Address])).toEqual([page[0]])
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5_000)
    expect(sizes.length).toBeGreaterThan(2)
    const { rows } = await ask('select address from mailbox')
    expect([...seen].sort()).toEqual(rows.map((row) => row['address']).sort())
    const ofMs2 = await ask("select address from mailbox where mailstore = 'ms2'")
    const streamed = (await collect(snapshot.allMailboxRows('ms2'))).map((row) => row.address)
    expect(streamed.sort()).toEqual(ofMs2.rows.map((row) => row['address']).sort())
  })
})

test('a stream that is left early, or a use that throws, leaves the connection fit for others', async () => {
  const small = await openStore({ databaseUrl: url, maxConnections: 1 })
  await small.feed.withSnapshot(async (snapshot) => {
    for await (const page of snapshot.allMailboxRows()) if (page.length > 0) break
    expect(await snapshot.mailstoreNames()).toContain('ms1')
  })
  await expect(small.feed.withSnapshot(() => Promise.reject(new Error('use failed')))).rejects.toThrow('use failed')
  expect(await small.directory.getHead()).toEqual(await directory.getHead())
  await small.close()
})

async function ask(sql: string, databaseUrl = url) {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return await client.query<Record<string, string>>(sql)
  } finally {
    await client.end()
  }
}

const holds = (of: Store, cursor: Cursor) => of.feed.withSnapshot((snapshot) => snapshot.holds(cursor))

test('a database restored from a backup does not hold what came after it, even when it reaches the same number again', async () => {
  await store.close()
  const backup = new URL(url)
  backup.pathname = `${backup.pathname}_backup`
  const maintenance = new URL(url)
  maintenance.pathname = '/postgres'
  const [original, copy] = [new URL(url).pathname.slice(1), backup.pathname.slice(1)]
  await ask(`create database ${copy} template ${original}`, maintenance.href)

  store = await openStore({ databaseUrl: url })
  directory = store.directory
  const restored = await openStore({ databaseUrl: backup.href })
  try {
    const shared = await directory.getHead()
    must(await directory.putCustomer({ customerId: 'C-9', name: 'Lost' }, actor))
    const published = await directory.getHead()
    expect([await holds(store, shared), await holds(store, published)]).toEqual([true, true])
    expect([await holds(restored, shared), await holds(restored, published)]).toEqual([true, false])

    must(await restored.directory.putCustomer({ customerId: 'C-9', name: 'Made again' }, actor))
    expect((await restored.directory.getHead()).revision).toBe(published.revision)
    expect(await holds(restored, published)).toBe(false)

    const accepted = await restored.acceptRestore(actor)
    expect(accepted).toEqual(await restored.directory.getHead())
    expect(accepted).toMatchObject({ lineage: shared.lineage + 1, revision: published.revision + 1 })
    expect([await holds(restored, accepted), await holds(restored, shared), await holds(restored, published)]).toEqual([true, true, false])
    expect(await holds(restored, { ...accepted, lineage: 1 })).toBe(false)
    const { items } = await restored.directory.listChanges({ afterRevision: published.revision, limit: 10 })
    expect(items).toMatchObject([{ kind: 'lineage', key: '2', before: { lineage: 1 }, after: { lineage: 2 }, actor: actor.keyId }])
    expect(must(await restored.directory.putCustomer({ customerId: 'C-10', name: 'Goes on' }, actor)).revision).toBe(accepted.revision + 1)
    expect(await restored.directory.getHead()).toMatchObject({ lineage: 2 })
  } finally {
    await restored.close()
    await ask(`drop database ${copy} with (force)`, maintenance.href)
  }
})
