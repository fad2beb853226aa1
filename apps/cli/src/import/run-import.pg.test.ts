import { buildApi, mintKey } from '@muster/api'
import { createClient, type Client } from '@muster/client'
import type { Actor } from '@muster/domain'
import { mapKinds, popmap, renderMap, userdb, type MailboxRow } from '@muster/maps'
import { createLogger } from '@muster/runtime'
import { openStore, type Store } from '@muster/store'
import { testDatabase } from '@muster/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runImport, type ImportRequest, type ImportSummary } from './run-import.js'

const { url: databaseUrl } = await testDatabase()
const ACTOR: Actor = { keyId: 'test', role: 'admin', requestId: 'test' }
const HASH = '$1$abcdefgh$0123456789abcdefghijkl'

let store: Store
let client: Client
let close: () => Promise<unknown>

beforeAll(async () => {
  store = await openStore({ databaseUrl })
  const { keyId, token, secretHash } = mintKey()
  await store.directory.createKey({ keyId, name: 'test', role: 'admin', host: null, expiresAt: null, secretHash }, ACTOR)
  const hashing = { argon2: { memoryKib: 1024, passes: 1, lanes: 1 }, bcryptCost: 4, queueLength: 10 }
  const api = await buildApi({ directory: store.directory, config: { hashing }, log: createLogger({ level: 'silent', name: 'test' }) })
  client = createClient({ baseUrl: await api.listen({ host: '127.0.0.1', port: 0 }), key: token })
  close = () => api.close()
  await client.customers.put('C-1', { name: 'One' })
  await client.customers.put('C-2', { name: 'Two' })
  await client.mailstores.put('ms1', { host: '127.0.0.11', root: '/mail1' })
  await client.mailstores.put('ms2', { host: '127.0.0.12', port: 1110, root: '/mail2', uid: 7000, gid: 7000 })
})

afterAll(async () => {
  await close()
  await store.close()
})

/** Each test has a domain of its own, so that none sees what another left. */
let n = 0
let domain: string
beforeEach(async () => {
  domain = `d${++n}.example.net`
  await client.domains.put(domain, { customerId: 'C-1' })
})

const file = (name: string, lines: readonly string[]) => ({ file: name, bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')) })

function site(accounts: readonly string[], routes: readonly string[] = [], more: Partial<ImportRequest> = {}): Promise<ImportSummary> {
  const popmaps = routes.length === 0 ? [] : [file('popmap', routes)]
  return run({ source: { kind: 'site', userdb: [file('userdb', accounts)], popmap: popmaps, dropFields: [] }, ...more })
}

function csv(lines: readonly string[], more: Partial<ImportRequest> = {}): Promise<ImportSummary> {
  return run({ source: { kind: 'csv', files: [file('new.csv', lines)] }, ...more })
}

function run(request: Pick<ImportRequest, 'source'> & Partial<ImportRequest>): Promise<ImportSummary> {
  const defaults = { customerId: 'C-1', domain, mailstore: null, dryRun: false, skipBad: false, createDomains: false }
  return runImport(client, { ...defaults, ...request }, () => () => {})
}

const faults = ({ bad }: ImportSummary) => bad.map((line) => `${line.file}:${line.line}: ${line.code}`)

async function rowsOf(name: string): Promise<MailboxRow[]> {
  const rows: MailboxRow[] = []
  await store.feed.withSnapshot(async (snapshot) => {
    for await (const page of snapshot.allMailboxRows()) rows.push(...page.filter(({ address }) => address.endsWith(`@${name}`)))
  })
  return rows
}

async function addresses(): Promise<string[]> {
  return (await rowsOf(domain)).map(({ address }) => address.split('@')[0] ?? '').sort()
}

describe('the maps rendered after an import', () => {
  /** What a site may say of a mailbox, in all combinations of what matters to its lines. */
  function* mailboxes() {
    const passwords = ['', `|systempw=${HASH}`, `|imappw=${HASH}`, `|imappw=${HASH}|pop3pw=${HASH}`, `|esmtppw=${HASH}`]
    const quotas = ['', '|quota=1000000S', '|quota=100C', '|quota=1000000S,100C']
    const stores = [
      { root: '/mail1', target: '127.0.0.11', ids: 'uid=5000|gid=5000' },
      { root: '/mail2', target: '127.0.0.12:1110', ids: 'uid=1001|gid=1002' },
    ]
    let i = 0
    for (const password of passwords) {
      for (const quota of quotas) {
        for (const { root, target, ids } of stores) {
          const home = `${root}/${domain}/12/${String(++i).padStart(2, '0')}`
          const mail = i % 3 === 0 ? home : `${home}/Maildir`
          const gecos = i % 2 === 0 ? '' : `|gecos=User ${i}, Ltd.`
          yield { name: `user.${i}`, fields: `${ids}|home=${home}|mail=${mail}${quota}${gecos}${password}`, target }
        }
      }
    }
  }

  test('say what the imported files said, entry for entry', async () => {
    const site1 = [...mailboxes()]
    // Half of the names come without their domain, and the lines in no order.
    const full = (name: string, i: number) => (i % 2 === 0 ? name : `${name}@${domain}`)
    const accounts = site1.map(({ name, fields }, i) => `${full(name, i)}\t${fields}`)
    const routes = site1.map(({ name, target }, i) => `${full(name, i + 1)}:${target}`).toReversed()
    expect(await site(['# userdb of the site', '', ...accounts], routes)).toMatchObject({
      applied: true,
      created: 40,
      bad: [],
      withoutPopmap: 0,
    })

    const rows = await rowsOf(domain)
    const parsed = (text: string) => text.trimEnd().split('\n')
    const said = new Map(site1.map(({ name, fields }) => [`${name}@${domain}`, userdb.parseLine(`x\t${fields}`).fields]))
    const says = new Map(parsed(renderMap(mapKinds.userdb, rows)).map((line) => [userdb.keyOfLine(line), userdb.parseLine(line).fields]))
    expect(says).toEqual(said)
    const routed = new Map(
      parsed(renderMap(mapKinds.popmap, rows)).map((line) => [popmap.keyOfLine(line), line.slice(line.indexOf(':') + 1)]),
    )
    expect(routed).toEqual(new Map(site1.map(({ name, target }) => [`${name}@${domain}`, target])))
  })

  test('say the same after the same import once more, which changes nothing', async () => {
    const lines = [`a\tuid=1|gid=1|home=/mail1/${domain}/a|systempw=${HASH}`, `b\tuid=1|gid=1|home=/mail2/${domain}/b`]
    const first = await site(lines)
    expect(first).toMatchObject({ created: 2, updated: 0, unchanged: 0 })
    const before = renderMap(mapKinds.userdb, await rowsOf(domain))
    expect(await site(lines)).toMatchObject({ applied: true, created: 0, updated: 0, unchanged: 2, revision: null })
    expect(renderMap(mapKinds.userdb, await rowsOf(domain))).toBe(before)
    expect(await site([`a\tuid=2|gid=1|home=/mail1/${domain}/a|systempw=${HASH}`])).toMatchObject({ updated: 1 })
  })
})

describe('nothing is written', () => {
  const good = () => `good\tuid=1|gid=1|home=/mail1/${domain}/good`

  test('by a dry run, which says what would be', async () => {
    expect(await site([good()], [], { dryRun: true })).toMatchObject({ dryRun: true, applied: false, created: 1, bad: [], revision: null })
    expect(await addresses()).toEqual([])
  })

  test('while a line is bad in itself', async () => {
    const summary = await site([good(), 'bad\tuid=1|gid=1|home=/mail1/bad|shell=/bin/sh'])
    expect(summary).toMatchObject({ applied: false, revision: null })
    expect(faults(summary)).toEqual(['userdb:2: field_not_kept'])
    expect(await addresses()).toEqual([])
  })

  test('while the directory refuses a line, which is told by its place in the file', async () => {
    await client.mailboxes.create({ address: `moved@${domain}`, mailstore: 'ms2', home: `/mail2/${domain}/moved` })
    const summary = await site(['# first', good(), `moved\tuid=1|gid=1|home=/mail1/${domain}/moved`])
    expect(faults(summary)).toEqual(['userdb:3: address_in_use'])
    expect(await addresses()).toEqual(['moved'])
  })

  test('while two lines have one home, however far apart they are', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => `u${i}\tuid=1|gid=1|home=/mail1/${domain}/${i % 1000}`)
    const summary = await site(many)
    expect(summary.bad).toEqual([
      {
        file: 'userdb',
        line: 1001,
        code: 'path_in_use',
        reason: `u1000@${domain}: the mailbox at userdb:1 has the same home, /mail1/${domain}/0.`,
      },
    ])
    expect(await addresses()).toEqual([])
  })

  test('while a domain is not in the directory, or another customer has it', async () => {
    await client.domains.put(`other.${domain}`, { customerId: 'C-2' })
    const summary = await csv(['address', `a@new.${domain}`, `b@other.${domain}`, 'c'])
    expect(summary).toMatchObject({ applied: false, domainsMissing: [`new.${domain}`], domainsCreated: [] })
    expect(faults(summary)).toEqual(['new.csv:3: domain_of_another_customer'])
    expect(await addresses()).toEqual([])
    expect(await client.domains.get(`new.${domain}`)).toBeNull()
  })

  test('for a customer or a mailstore that is not there', async () => {
    await expect(run({ source: { kind: 'csv', files: [] }, customerId: 'C-none' })).rejects.toMatchObject({ code: 'customer_not_found' })
    await expect(run({ source: { kind: 'csv', files: [] }, mailstore: 'ms9' })).rejects.toMatchObject({ code: 'mailstore_not_found' })
  })
})

describe('what is asked for is written', () => {
  test('the good lines with --skip-bad, whichever side found the bad ones', async () => {
    await client.mailboxes.create({ address: `moved@${domain}`, mailstore: 'ms2', home: `/mail2/${domain}/moved` })
    const home = (name: string) => `${name}\tuid=1|gid=1|home=/mail1/${domain}/${name}`
    const summary = await site([home('a'), `${home('shelly')}|shell=/bin/sh`, home('moved'), home('b')], [], { skipBad: true })
    expect(summary).toMatchObject({ applied: true, created: 2 })
    expect(faults(summary)).toEqual(['userdb:2: field_not_kept', 'userdb:3: address_in_use'])
    expect(await addresses()).toEqual(['a', 'b', 'moved'])
  })

  test('domains with --create-domains, and a dry run of that writes none', async () => {
    const lines = ['address,mailstore', `a@new.${domain},ms1`, 'b,ms1']
    expect(await csv(lines, { createDomains: true, dryRun: true })).toMatchObject({
      applied: false,
      created: 2,
      domainsMissing: [`new.${domain}`],
    })
    expect(await client.domains.get(`new.${domain}`)).toBeNull()
    expect(await csv(lines, { createDomains: true })).toMatchObject({
      applied: true,
      created: 2,
      domainsCreated: [`new.${domain}`],
      domainsMissing: [],
    })
    expect(await client.mailboxes.get(`a@new.${domain}`)).toMatchObject({ customerId: 'C-1', mailstore: 'ms1' })
  })

  test('every column of a CSV file, and the mailstore given for rows without one', async () => {
    const header = 'address,password_hash,mailstore,home,maildir,uid,gid,quota_bytes,services,name'
    const row = `tevie,${HASH},ms2,/mail2/${domain}/t,/mail2/${domain}/t,6001,6002,5000,imap,"Moriarty, Tevie"`
    expect(await csv([header, row, 'plain,,,,,,,,,'], { mailstore: 'ms1' })).toMatchObject({ applied: true, created: 2, bad: [] })
    expect(await client.mailboxes.get(`tevie@${domain}`)).toMatchObject({
      mailstore: 'ms2',
      home: `/mail2/${domain}/t`,
      maildir: `/mail2/${domain}/t`,
      uid: 6001,
      gid: 6002,
      quotaBytes: 5000,
      services: ['imap'],
      name: 'Moriarty, Tevie',
      hasPassword: true,
    })
    expect(await client.mailboxes.get(`plain@${domain}`)).toMatchObject({ mailstore: 'ms1', quotaBytes: null, hasPassword: false })
  })

  test('thousands of rows, a thousand a revision, with progress for both passes', async () => {
    const lines = Array.from({ length: 2500 }, (_, i) => `u${i}\tuid=1|gid=1|home=/mail1/${domain}/${i}|systempw=${HASH}`)
    const seen: string[] = []
    const source = { kind: 'site' as const, userdb: [file('userdb', lines)], popmap: [], dropFields: [] }
    const request = { source, customerId: 'C-1', domain, mailstore: null, dryRun: false, skipBad: false, createDomains: false }
    const summary = await runImport(client, request, (phase) => (done, of) => void seen.push(`${phase} ${done}/${of}`))
    expect(seen).toEqual(['checking', 'importing'].flatMap((phase) => [1000, 2000, 2500].map((done) => `${phase} ${done}/2500`)))
    expect(summary).toMatchObject({ created: 2500 })
    expect(summary.revision).toBe((await store.directory.getHead()).revision)
  })
})
