import { REQUEST_EXAMPLES } from '@muster/contract'
import { describe, expect, test } from 'vitest'
import { openTestStore, startTestApi } from './testing/start-test-api.js'

describe('the minimal bodies of the interface, as they are written', async () => {
  const api = await startTestApi()

  test('bring up a customer, a mailstore, a domain and a mailbox, each with its revision', async () => {
    expect(await api.call('PUT', '/v1/customers/C-1001', { name: 'Example Ltd' })).toMatchObject({ status: 201, body: { revision: 2 } })
    expect(await api.call('PUT', '/v1/mailstores/ms1', { host: '127.0.0.11', root: '/mail1' })).toMatchObject({
      status: 201,
      body: { name: 'ms1', port: null, uid: 5000, gid: 5000, state: 'open', mailboxes: 0 },
    })
    expect(await api.call('PUT', '/v1/domains/example.net', { customerId: 'C-1001' })).toMatchObject({ status: 201 })
    const created = await api.call('POST', '/v1/mailboxes', { address: 'tevie@example.net', password: 'correct horse' })
    expect(created).toMatchObject({
      status: 201,
      headers: { 'muster-revision': String(created.body.revision), location: '/v1/mailboxes/tevie%40example.net' },
      body: { address: 'tevie@example.net', customerId: 'C-1001', mailstore: 'ms1', quotaBytes: null, status: 'active', hasPassword: true },
    })
    expect(created.body.mailboxId).toMatch(/^[0-9a-f-]{36}$/)
    expect(created.body.home).toMatch(/^\/mail1\/\d\d\/\d\d\/tevie@example\.net$/)
    expect(created.body.maildir).toBe(`${created.body.home}/Maildir`)
  })

  test('change, suspend, resume, close and delete it', async () => {
    const path = '/v1/mailboxes/tevie@example.net'
    expect(await api.call('PATCH', path, { quotaBytes: 1_000_000 })).toMatchObject({ status: 200, body: { quotaBytes: 1_000_000 } })
    expect(await api.call('POST', '/v1/customers/C-1001/suspend')).toMatchObject({ status: 200, body: { affectedMailboxes: 1 } })
    expect(await api.call('POST', '/v1/customers/C-1001/resume')).toMatchObject({ status: 200, body: { state: 'active' } })
    expect(await api.call('POST', '/v1/domains/example.net/suspend')).toMatchObject({ status: 200 })
    expect(await api.call('POST', '/v1/domains/example.net/resume')).toMatchObject({ status: 200 })
    expect(await api.call('POST', `${path}/close`)).toMatchObject({ status: 200, body: { status: 'closed' } })
    expect(await api.call('PUT', '/v1/hosts/pop1', { roles: ['proxy'] })).toMatchObject({ status: 201, body: { mailstores: [] } })
    const { revision } = (await api.call('DELETE', path)).body
    expect(await api.call('GET', `/v1/revisions/${revision}?wait=0&level=effective`)).toMatchObject({
      status: 200,
      body: { revision, level: 'effective', reached: 0, of: 1 },
    })
    expect(await api.call('GET', '/v1/changes?after=0')).toMatchObject({ status: 200 })
  })

  test('the publisher was woken with every revision, in order', () => {
    expect(api.commits).toEqual(api.commits.toSorted((a, b) => a - b))
    expect(api.commits.length).toBeGreaterThan(10)
  })
})

describe('the examples of the OpenAPI document', async () => {
  const api = await startTestApi({ store: await openTestStore() })

  /** The paths of the document with the ids that its examples use. */
  const REQUESTS: readonly [string, 'PUT' | 'POST' | 'PATCH', string][] = [
    ['PutCustomer', 'PUT', '/v1/customers/C-1001'],
    ['PatchCustomer', 'PATCH', '/v1/customers/C-1001'],
    ['PutMailstore', 'PUT', '/v1/mailstores/ms1'],
    ['PatchMailstore', 'PATCH', '/v1/mailstores/ms1'],
    ['PutDomain', 'PUT', '/v1/domains/example.net'],
    ['CreateMailbox', 'POST', '/v1/mailboxes'],
    ['PatchMailbox', 'PATCH', '/v1/mailboxes/tevie@example.net'],
    ['CheckPassword', 'POST', '/v1/mailboxes/tevie@example.net/password-check'],
    ['ImportMailboxes', 'POST', '/v1/imports'],
    ['PutHost', 'PUT', '/v1/hosts/pop1'],
    ['PatchHost', 'PATCH', '/v1/hosts/pop1'],
    ['AgentReports', 'POST', '/v1/hosts/pop1/reports'],
    ['CreateKey', 'POST', '/v1/keys'],
  ]

  test('are all sent below', () => {
    expect(REQUESTS.map(([id]) => id).toSorted()).toEqual(Object.keys(REQUEST_EXAMPLES).toSorted())
  })

  test.each(REQUESTS)('%s works on a directory that was empty', async (id, method, path) => {
    for (const { value } of Object.values(REQUEST_EXAMPLES[id] ?? {})) {
      const answer = await api.call(method, path, value)
      expect([200, 201]).toContain(answer.status)
      expect(answer.body.refused ?? 0).toBe(0)
    }
  })
})
