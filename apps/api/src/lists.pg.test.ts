import { beforeAll, describe, expect, test } from 'vitest'
import { startTestApi } from './testing/start-test-api.js'

const api = await startTestApi()

beforeAll(async () => {
  await api.seed()
  await api.call('PUT', '/v1/customers/C-2', { name: 'Another Ltd' })
  await api.call('PUT', '/v1/mailstores/ms2', { host: '127.0.0.12', root: '/mail2' })
  await api.call('PUT', '/v1/domains/another.example', { customerId: 'C-2' })
  for (const [localpart, domain, mailstore] of [
    ['anna', 'example.net', 'ms1'],
    ['ben', 'example.net', 'ms2'],
    ['carol', 'example.net', 'ms1'],
    ['dora', 'another.example', 'ms2'],
  ]) {
    await api.call('POST', '/v1/mailboxes', { address: `${localpart}@${domain}`, mailstore })
  }
  await api.call('POST', '/v1/mailboxes/carol@example.net/suspend')
  await api.call('PUT', '/v1/hosts/pop1', { roles: ['proxy'] })
  await api.call('PUT', '/v1/hosts/store1', { roles: ['mailstore'], mailstores: ['ms1'] })
})

/** All pages of a list, taken `limit` at a time. */
async function everyPage(path: string, limit: number): Promise<{ items: Record<string, unknown>[]; pages: number }> {
  const items: Record<string, unknown>[] = []
  let pages = 0
  for (let after = ''; ;) {
    const answer = await api.call(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${after && `&after=${encodeURIComponent(after)}`}`,
    )
    expect(answer.status).toBe(200)
    expect(answer.body.items.length).toBeLessThanOrEqual(limit)
    items.push(...answer.body.items)
    pages += 1
    if (answer.body.next === null) return { items, pages }
    after = answer.body.next
  }
}

describe('a list', () => {
  test.each([
    ['/v1/customers', 'customerId', ['C-1001', 'C-2']],
    ['/v1/mailstores', 'name', ['ms1', 'ms2']],
    ['/v1/domains', 'domain', ['another.example', 'example.net']],
    ['/v1/mailboxes', 'address', ['anna@example.net', 'ben@example.net', 'carol@example.net', 'dora@another.example']],
    ['/v1/hosts', 'name', ['pop1', 'store1']],
  ])('%s is the same whole and in pages of one, in the order of its key', async (path, key, expected) => {
    const whole = await everyPage(path, 1000)
    expect(whole.pages).toBe(1)
    expect(whole.items.map((item) => item[key])).toEqual(expected)
    const single = await everyPage(path, 1)
    expect(single.items).toEqual(whole.items)
    expect(single.pages).toBe(expected.length)
  })

  test.each([
    ['/v1/mailboxes?domain=example.net', 3],
    ['/v1/mailboxes?domain=EXAMPLE.net&mailstore=ms1', 2],
    ['/v1/mailboxes?customerId=C-2', 1],
    ['/v1/mailboxes?customerId=absent', 0],
    ['/v1/mailboxes?state=suspended', 1],
    ['/v1/mailboxes?state=active&mailstore=ms1', 1],
    ['/v1/domains?customerId=C-1001', 1],
    ['/v1/domains?state=closed', 0],
    ['/v1/customers?state=active', 2],
    ['/v1/hosts?role=proxy', 1],
    ['/v1/hosts?role=radius', 0],
  ])('%s has %i', async (path, count) => {
    expect((await everyPage(path, 1)).items).toHaveLength(count)
  })

  test('a mailstore says how many mailboxes it holds', async () => {
    expect((await api.call('GET', '/v1/mailstores/ms1')).body.mailboxes).toBe(2)
  })
})

describe('putting what is there already', () => {
  test.each([
    ['/v1/customers/C-2', { name: 'Another Ltd' }],
    ['/v1/mailstores/ms2', { host: '127.0.0.12', root: '/mail2' }],
    ['/v1/domains/another.example', { customerId: 'C-2' }],
    ['/v1/hosts/store1', { roles: ['mailstore'], mailstores: ['ms1'] }],
  ])('%s changes nothing, wakes nobody and answers the revision it had', async (path, body) => {
    const before = await api.call('GET', path)
    const woken = api.commits.length
    const again = await api.call('PUT', path, body)
    expect(again).toMatchObject({ status: 200, body: { revision: before.body.revision } })
    expect(api.commits).toHaveLength(woken)
  })

  test('a mailstore keeps what is left out: a drained one is not opened by sending it again', async () => {
    await api.call('PATCH', '/v1/mailstores/ms2', { state: 'draining', port: 1110, uid: 77 })
    const again = await api.call('PUT', '/v1/mailstores/ms2', { host: '127.0.0.22', root: '/mail2' })
    expect(again.body).toMatchObject({ host: '127.0.0.22', state: 'draining', port: 1110, uid: 77 })
    const whole = await api.call('PUT', '/v1/mailstores/ms2', { host: '127.0.0.22', root: '/mail2', state: 'open', port: null, uid: 5000 })
    expect(whole.body).toMatchObject({ state: 'open', port: null, uid: 5000 })
  })

  test('a host keeps its mailstores, and loses them with the role', async () => {
    const grown = await api.call('PUT', '/v1/hosts/store1', { roles: ['mailstore', 'webmail'] })
    expect(grown.body.mailstores).toEqual(['ms1'])
    expect((await api.call('PATCH', '/v1/hosts/store1', { roles: ['webmail'] })).body.mailstores).toEqual([])
  })
})

describe('states', () => {
  const statusOf = async (address: string) => (await api.call('GET', `/v1/mailboxes/${address}`)).body.status as string
  const change = (what: string, verb: string) => api.call('POST', `/v1/${what}/${verb}`)

  test('the strongest of customer, domain and mailbox holds, and resuming one frees only what it held', async () => {
    expect((await change('customers/C-1001', 'suspend')).body).toMatchObject({ state: 'suspended', affectedMailboxes: 2 })
    expect([await statusOf('anna@example.net'), await statusOf('carol@example.net')]).toEqual(['suspended', 'suspended'])
    expect((await change('domains/example.net', 'close')).body).toMatchObject({ state: 'closed', status: 'closed', affectedMailboxes: 3 })
    expect((await change('customers/C-1001', 'resume')).body.affectedMailboxes).toBe(0)
    expect(await statusOf('anna@example.net')).toBe('closed')
    expect((await change('domains/example.net', 'resume')).body).toMatchObject({ status: 'active', affectedMailboxes: 3 })
    expect([await statusOf('anna@example.net'), await statusOf('carol@example.net')]).toEqual(['active', 'suspended'])
    expect(await statusOf('dora@another.example')).toBe('active')
  })

  test('suspending never weakens: what is closed stays closed until it is resumed', async () => {
    await change('mailboxes/anna@example.net', 'close')
    expect((await change('mailboxes/anna@example.net', 'suspend')).body).toMatchObject({ state: 'closed', affectedMailboxes: 0 })
    expect((await change('mailboxes/anna@example.net', 'resume')).body).toMatchObject({ state: 'active', affectedMailboxes: 1 })
  })

  test('takes an empty body of any type and refuses a field', async () => {
    for (const options of [{}, { headers: { 'content-type': 'application/json' } }, { headers: { 'content-type': 'text/plain' } }]) {
      expect((await api.call('POST', '/v1/mailboxes/ben@example.net/suspend', '', options)).status).toBe(200)
    }
    expect((await api.call('POST', '/v1/mailboxes/ben@example.net/resume', {})).status).toBe(200)
    const refused = await api.call('POST', '/v1/mailboxes/ben@example.net/suspend', { reason: 'abuse' })
    expect(refused).toMatchObject({ status: 400, body: { code: 'request_invalid', errors: [{ field: 'reason' }] } })
  })
})
