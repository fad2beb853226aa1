import { REQUEST_EXAMPLES } from '@muster/contract'
import type { Directory } from '@muster/domain'
import { openStore } from '@muster/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '@muster/testkit'
import { documentedResponses, type DocumentedOperation } from './testing/documented-responses.js'
import { CHEAP_CONFIG, startTestApi, TEST_ACTOR, type Answer, type TestApi } from './testing/start-test-api.js'

/** Every problem that the OpenAPI document names for an operation is brought about here, and none that it does not name. */

const { url } = await testDatabase()
const store = await openStore({ databaseUrl: url })
/** The same directory, where a deleted domain is free at once. */
const impatient = await openStore({ databaseUrl: url, quarantineDays: 0 })
/** Nothing listens there. */
const unreachable = await openStore({ databaseUrl: 'postgres://nobody@127.0.0.1:9/nothing' })
afterAll(() => Promise.all([store.close(), impatient.close(), unreachable.close()]))

/** A directory with a bug in everything but the keys; its message quotes a hash, as database libraries do. */
const BUG = 'oops { crypt: "$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp" }'
const buggy = new Proxy(store.directory, {
  get: (directory, name: keyof Directory) => (name === 'findKey' ? directory.findKey : () => Promise.reject(new TypeError(BUG))),
})

const api = await startTestApi({ store })
const broken = await startTestApi({ store, directory: buggy })
const down = await startTestApi({ store, directory: unreachable.directory })
const { operations } = documentedResponses(api.app.swagger() as never)
const withKey = operations.filter((operation) => operation.needsKey)

const SAMPLES: Readonly<Record<string, string>> = {
  customerId: 'C-1001',
  mailstore: 'ms1',
  domain: 'example.net',
  address: 'tevie@example.net',
  host: 'pop1',
  keyId: 'k3yd0fb1ll1n',
  revision: '1',
}
const samplePath = ({ path }: DocumentedOperation) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => SAMPLES[name] ?? '')
const sampleBody = ({ operationId }: DocumentedOperation) => BODIES[operationId]
const first = (id: string) => Object.values(REQUEST_EXAMPLES[id] ?? {})[0]?.value
const BODIES: Readonly<Record<string, unknown>> = {
  putCustomer: first('PutCustomer'),
  patchCustomer: first('PatchCustomer'),
  putMailstore: first('PutMailstore'),
  patchMailstore: { state: 'open' },
  putDomain: first('PutDomain'),
  createMailbox: first('CreateMailbox'),
  patchMailbox: first('PatchMailbox'),
  checkPassword: first('CheckPassword'),
  importMailboxes: first('ImportMailboxes'),
  putHost: first('PutHost'),
  patchHost: first('PatchHost'),
  saveHostReports: first('AgentReports'),
  createKey: first('CreateKey'),
}

type Attempt = (operation: DocumentedOperation) => Promise<Answer>
const ask = (
  of: TestApi,
  operation: DocumentedOperation,
  options: { query?: string; key?: string | null; body?: unknown; type?: string } = {},
) =>
  of.call(operation.method as 'GET', samplePath(operation) + (options.query ?? ''), options.body ?? sampleBody(operation), {
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.type === undefined ? {} : { headers: { 'content-type': options.type } }),
  })

let otherHost = ''

/** What every operation may answer, whatever it does. */
const ALWAYS: Readonly<Record<string, Attempt>> = {
  credentials_missing: (operation) => ask(api, operation, { key: null }),
  credentials_invalid: (operation) => ask(api, operation, { key: `mk_abcdefghijkl_${'a'.repeat(43)}` }),
  forbidden: (operation) => ask(api, operation, { key: otherHost }),
  request_invalid: (operation) => ask(api, operation, { query: '?nonsense=1' }),
  json_malformed: (operation) => ask(api, operation, { body: '{"password": hunter2}', type: 'application/json' }),
  body_too_large: (operation) => ask(api, operation, { body: `{"password": "${'a'.repeat(3_000_000)}"}`, type: 'application/json' }),
  media_type_unsupported: (operation) => ask(api, operation, { body: 'password=hunter2', type: 'application/x-www-form-urlencoded' }),
  internal_error: (operation) => ask(broken, operation),
  directory_unavailable: (operation) => ask(down, operation),
}

const create = (fields: object) => api.call('POST', '/v1/mailboxes', { address: 'new@example.net', ...fields })
const anywhere = { bad_address: 'no-at-sign', absent: 'nobody@example.net', bad_domain: 'no_domain', absent_domain: 'absent.example' }

/** Alone with a queue of one, so that a few at once are too many. */
async function flood(method: 'POST' | 'PATCH', path: string, body: object): Promise<Answer> {
  const config = { hashing: { ...CHEAP_CONFIG.hashing, queueLength: 1 } }
  const tight = await startTestApi({ store, config })
  const answers = await Promise.all(Array.from({ length: 20 }, () => tight.call(method, path, body)))
  return answers.find(({ status }) => status === 503) ?? (answers[0] as Answer)
}

async function withoutPerl(attempt: () => Promise<Answer>): Promise<Answer> {
  const { PATH } = process.env
  process.env['PATH'] = '/nowhere'
  try {
    return await attempt()
  } finally {
    process.env['PATH'] = PATH
  }
}

/** What only one operation may answer. */
const SPECIFIC: Readonly<Record<string, () => Promise<Answer>>> = {
  'getCustomer customer_not_found': () => api.call('GET', '/v1/customers/absent'),
  'patchCustomer customer_not_found': () => api.call('PATCH', '/v1/customers/absent', { name: 'x' }),
  'suspendCustomer customer_not_found': () => api.call('POST', '/v1/customers/absent/suspend'),
  'resumeCustomer customer_not_found': () => api.call('POST', '/v1/customers/absent/resume'),
  'closeCustomer customer_not_found': () => api.call('POST', '/v1/customers/absent/close'),
  'deleteCustomer customer_not_found': () => api.call('DELETE', '/v1/customers/absent'),
  'deleteCustomer customer_not_empty': () => api.call('DELETE', '/v1/customers/C-1001'),

  'putMailstore path_invalid': () => api.call('PUT', '/v1/mailstores/ms9', { host: 'h', root: '/mail1/' }),
  'getMailstore mailstore_not_found': () => api.call('GET', '/v1/mailstores/absent'),
  'patchMailstore path_invalid': () => api.call('PATCH', '/v1/mailstores/ms1', { root: 'mail1' }),
  'patchMailstore mailstore_not_found': () => api.call('PATCH', '/v1/mailstores/absent', { port: null }),
  'deleteMailstore mailstore_not_found': () => api.call('DELETE', '/v1/mailstores/absent'),
  'deleteMailstore mailstore_not_empty': () => api.call('DELETE', '/v1/mailstores/ms1'),

  'putDomain domain_name_invalid': () => api.call('PUT', `/v1/domains/${anywhere.bad_domain}`, { customerId: 'C-1001' }),
  'putDomain customer_not_found': () => api.call('PUT', '/v1/domains/new.example', { customerId: 'absent' }),
  'putDomain customer_closed': () => api.call('PUT', '/v1/domains/new.example', { customerId: 'C-closed' }),
  'putDomain domain_of_another_customer': () => api.call('PUT', '/v1/domains/example.net', { customerId: 'C-2' }),
  'putDomain domain_quarantined': () => api.call('PUT', '/v1/domains/quarantined.example', { customerId: 'C-2' }),
  ...Object.fromEntries(
    (['get', 'suspend', 'resume', 'close', 'delete'] as const).flatMap((verb) => {
      const method = verb === 'get' ? 'GET' : verb === 'delete' ? 'DELETE' : 'POST'
      const end = method === 'POST' ? `/${verb}` : ''
      return [
        [`${verb}Domain domain_name_invalid`, () => api.call(method, `/v1/domains/${anywhere.bad_domain}${end}`)],
        [`${verb}Domain domain_not_found`, () => api.call(method, `/v1/domains/${anywhere.absent_domain}${end}`)],
        [`${verb}Mailbox address_invalid`, () => api.call(method, `/v1/mailboxes/${anywhere.bad_address}${end}`)],
        [`${verb}Mailbox mailbox_not_found`, () => api.call(method, `/v1/mailboxes/${anywhere.absent}${end}`)],
      ]
    }),
  ),
  'deleteDomain domain_not_empty': () => api.call('DELETE', '/v1/domains/example.net'),

  'createMailbox domain_not_found': () => create({ address: 'a@absent.example' }),
  'createMailbox domain_closed': () => create({ address: 'a@closed.example' }),
  'createMailbox address_in_use': () => create({ address: 'TEVIE@example.net' }),
  'createMailbox address_quarantined': () => create({ address: 'gone@handed-on.example' }),
  'createMailbox mailstore_not_found': () => create({ mailstore: 'absent' }),
  'createMailbox mailstore_not_open': () => create({ mailstore: 'ms-drained' }),
  'createMailbox no_mailstore_capacity': () => create({ home: '/elsewhere/new' }),
  'createMailbox path_outside_root': () => create({ mailstore: 'ms1', home: '/mail2/new' }),
  'createMailbox path_in_use': () => create({ home: '/mail1/taken' }),
  'createMailbox address_invalid': () => create({ address: anywhere.bad_address }),
  'createMailbox path_invalid': () => create({ home: '/mail1/../etc' }),
  'createMailbox password_invalid': () => create({ password: 'a'.repeat(73) }),
  'createMailbox password_hash_unsupported': () => create({ passwordHash: '{SSHA}abcdefghijk' }),
  'createMailbox password_and_hash': () => create({ password: 'correct horse', passwordHash: '$1$salt$qJH7.N4xYta3aEG/dfqo/0' }),
  'createMailbox hashing_busy': () => flood('POST', '/v1/mailboxes', { address: 'tevie@example.net', password: 'correct horse' }),
  'listMailboxes domain_name_invalid': () => api.call('GET', `/v1/mailboxes?domain=${anywhere.bad_domain}`),

  'patchMailbox address_invalid': () => api.call('PATCH', `/v1/mailboxes/${anywhere.bad_address}`, { quotaBytes: 1 }),
  'patchMailbox mailbox_not_found': () => api.call('PATCH', `/v1/mailboxes/${anywhere.absent}`, { quotaBytes: 1 }),
  'patchMailbox mailstore_fixed': () => api.call('PATCH', '/v1/mailboxes/tevie@example.net', { mailstore: 'ms2' }),
  'patchMailbox password_invalid': () => api.call('PATCH', '/v1/mailboxes/tevie@example.net', { password: 'a\0bcdef' }),
  'patchMailbox password_hash_unsupported': () => api.call('PATCH', '/v1/mailboxes/tevie@example.net', { passwordHash: 'plain' }),
  'patchMailbox password_and_hash': () => api.call('PATCH', '/v1/mailboxes/tevie@example.net', { password: 'abcdef', passwordHash: 'x' }),
  'patchMailbox hashing_busy': () => flood('PATCH', '/v1/mailboxes/tevie@example.net', { password: 'correct horse' }),

  'checkPassword address_invalid': () => api.call('POST', `/v1/mailboxes/${anywhere.bad_address}/password-check`, { password: 'x' }),
  'checkPassword mailbox_not_found': () => api.call('POST', `/v1/mailboxes/${anywhere.absent}/password-check`, { password: 'x' }),
  'checkPassword password_invalid': () => api.call('POST', '/v1/mailboxes/tevie@example.net/password-check', { password: '' }),
  'checkPassword password_hash_unverifiable': () =>
    withoutPerl(() => api.call('POST', '/v1/mailboxes/imported@example.net/password-check', { password: 'correct horse' })),
  'checkPassword hashing_busy': () => flood('POST', '/v1/mailboxes/tevie@example.net/password-check', { password: 'correct horse' }),

  'importMailboxes customer_not_found': () =>
    api.call('POST', '/v1/imports', { customerId: 'absent', items: [{ address: 'a@example.net' }] }),

  'putHost mailstore_not_found': () => api.call('PUT', '/v1/hosts/new', { roles: ['mailstore'], mailstores: ['absent'] }),
  'putHost host_mailstores_mismatch': () => api.call('PUT', '/v1/hosts/new', { roles: ['mailstore'] }),
  'getHost host_not_found': () => api.call('GET', '/v1/hosts/absent'),
  'patchHost host_not_found': () => api.call('PATCH', '/v1/hosts/absent', { roles: ['mx'] }),
  'patchHost mailstore_not_found': () => api.call('PATCH', '/v1/hosts/pop1', { roles: ['mailstore'], mailstores: ['absent'] }),
  'patchHost host_mailstores_mismatch': () => api.call('PATCH', '/v1/hosts/pop1', { mailstores: ['ms1'] }),
  'listHostMaps host_not_found': () => api.call('GET', '/v1/hosts/absent/maps'),
  'saveHostReports host_not_found': () => api.call('POST', '/v1/hosts/absent/reports', first('AgentReports')),
  'deleteHost host_not_found': () => api.call('DELETE', '/v1/hosts/absent'),

  'getRevision revision_not_found': () => api.call('GET', '/v1/revisions/999999'),
  'createKey host_not_found': () => api.call('POST', '/v1/keys', { name: 'x', role: 'host', host: 'absent' }),
  'createKey key_host_mismatch': () => api.call('POST', '/v1/keys', { name: 'x', role: 'host' }),
  'deleteKey key_not_found': () => api.call('DELETE', '/v1/keys/aaaaaaaaaaaa'),
}

beforeAll(async () => {
  await api.seed()
  await api.call('POST', '/v1/mailboxes', { address: 'tevie@example.net', password: 'correct horse' })
  await api.call('POST', '/v1/mailboxes', { address: 'taken@example.net', home: '/mail1/taken' })
  const imported = { address: 'imported@example.net', passwordHash: '$1$salt$qJH7.N4xYta3aEG/dfqo/0' }
  await api.call('POST', '/v1/mailboxes', imported)
  await api.call('PUT', '/v1/mailstores/ms-drained', { host: 'h', root: '/drained', state: 'draining' })
  await api.call('PUT', '/v1/hosts/pop1', { roles: ['proxy'] })
  await api.call('PUT', '/v1/hosts/other1', { roles: ['proxy'] })
  otherHost = await api.makeKey('host', 'other1')
  await api.call('PUT', '/v1/customers/C-2', { name: 'Another Ltd' })
  await api.call('PUT', '/v1/customers/C-closed', { name: 'Closed Ltd' })
  await api.call('POST', '/v1/customers/C-closed/close')
  await api.call('PUT', '/v1/domains/closed.example', { customerId: 'C-1001' })
  await api.call('POST', '/v1/domains/closed.example/close')
  await api.call('PUT', '/v1/domains/quarantined.example', { customerId: 'C-1001' })
  await api.call('DELETE', '/v1/domains/quarantined.example')
  await handOnDomain()
})

/** A domain that went to another customer while one of its old addresses is still kept from them. */
async function handOnDomain(): Promise<void> {
  await api.call('PUT', '/v1/domains/handed-on.example', { customerId: 'C-1001' })
  await api.call('POST', '/v1/mailboxes', { address: 'gone@handed-on.example' })
  await api.call('DELETE', '/v1/mailboxes/gone@handed-on.example')
  await impatient.directory.deleteDomain('handed-on.example' as never, TEST_ACTOR)
  expect(await api.call('PUT', '/v1/domains/handed-on.example', { customerId: 'C-2' })).toMatchObject({ status: 201 })
}

const documented = withKey.flatMap((operation) =>
  [...operation.responses.values()].flat().map((code) => [operation.operationId, code, operation] as const),
)

describe('every problem of every operation', () => {
  test('is brought about below', () => {
    const attempted = new Set(Object.keys(SPECIFIC))
    const specific = documented.filter(([, code]) => !(code in ALWAYS)).map(([id, code]) => `${id} ${code}`)
    expect(specific.filter((name) => !attempted.has(name))).toEqual([])
    expect([...attempted].filter((name) => !specific.includes(name))).toEqual([])
  })

  test.each(documented)('%s answers %s', async (id, code, operation) => {
    const attempt = ALWAYS[code] ?? SPECIFIC[`${id} ${code}`]
    const answer = await attempt?.(operation)
    expect(answer?.body).toMatchObject({ code })
    expect(operation.responses.get(answer?.status ?? 0)).toContain(code)
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|usesomesillystri|oops|127\.0\.0\.1:9/)
  })

  test('leaves neither a password nor a hash in the log', () => {
    for (const log of [api.log(), broken.log(), down.log()]) {
      expect(log).not.toMatch(/hunter2|correct horse|usesomesillystri|\$argon2|\$2b\$|\$1\$|mk_[a-z0-9]{12}_/)
    }
    expect(broken.log()).toContain('oops')
    expect(broken.log()).toContain('[secret]')
  })
})
