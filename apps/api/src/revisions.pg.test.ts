import { beforeAll, describe, expect, test } from 'vitest'
import { startTestApi, type Answer } from './testing/start-test-api.js'

const api = await startTestApi()
const ROOT = 'a'.repeat(64)
let pop1 = ''

beforeAll(async () => {
  await api.seed()
  await api.call('PUT', '/v1/mailstores/ms2', { host: '127.0.0.12', root: '/mail2' })
  await api.call('PUT', '/v1/hosts/mx1', { roles: ['mx'] })
  await api.call('PUT', '/v1/hosts/pop1', { roles: ['proxy'] })
  await api.call('PUT', '/v1/hosts/store1', { roles: ['mailstore'], mailstores: ['ms1'] })
  await api.call('PUT', '/v1/hosts/store2', { roles: ['mailstore'], mailstores: ['ms2'] })
  pop1 = await api.makeKey('host', 'pop1')
})

let serial = 0
async function change(): Promise<number> {
  const answer = await api.call('POST', '/v1/mailboxes', { address: `user${(serial += 1)}@example.net`, mailstore: 'ms1' })
  return answer.body.revision
}

async function cursorNow(): Promise<string> {
  return (await api.call('GET', '/v1/changes?limit=1')).body.head
}

const report = (host: string, maps: string[], fields: object, key = api.admin) =>
  api.call(
    'POST',
    `/v1/hosts/${host}/reports`,
    { reports: maps.map((map) => ({ map, root: ROOT, level: 'effective', ...fields })) },
    { key },
  )

const reachOf = (answer: Answer) =>
  Object.fromEntries(
    answer.body.hosts.map((h: { host: string; concerned: boolean; reached: boolean }) => [h.host, `${h.concerned}/${h.reached}`]),
  )

describe('a revision', () => {
  test('counts the hosts whose maps it touched, and those of them that have it', async () => {
    const revision = await change()
    const cursor = await cursorNow()
    const before = await api.call('GET', `/v1/revisions/${revision}`)
    expect(before.body).toMatchObject({ revision, level: 'applied', reached: 0, of: 2, changes: 1 })
    expect(reachOf(before)).toEqual({ mx1: 'false/true', pop1: 'true/false', store1: 'true/false', store2: 'false/true' })
    expect(Date.parse(before.body.committedAt)).toBeGreaterThan(Date.now() - 600_000)

    expect((await report('pop1', ['popmap'], { cursor, level: 'applied' }, pop1)).body).toEqual({ saved: 1, ignored: [] })
    expect((await api.call('GET', `/v1/revisions/${revision}`)).body).toMatchObject({ reached: 1, of: 2 })
    expect((await api.call('GET', `/v1/revisions/${revision}?level=effective`)).body).toMatchObject({ reached: 0, of: 2 })
    await report('store1', ['userdb@ms1'], { cursor })
    expect((await api.call('GET', `/v1/revisions/${revision}`)).body.reached).toBe(1)
    await report('store1', ['dovecot-passwd@ms1'], { cursor })
    expect((await api.call('GET', `/v1/revisions/${revision}`)).body).toMatchObject({ reached: 2, of: 2 })
  })

  test('waits until the last host reports, and no longer', async () => {
    const revision = await change()
    const cursor = await cursorNow()
    await report('store1', ['userdb@ms1', 'dovecot-passwd@ms1'], { cursor })
    const waiting = api.call('GET', `/v1/revisions/${revision}?wait=60&level=effective`)
    await report('pop1', ['popmap'], { cursor })
    // Without the report waking it, this would outlast the test.
    expect((await waiting).body).toMatchObject({ reached: 2, of: 2, level: 'effective' })
  })

  test('whose time is up is answered as far as it has come', async () => {
    const revision = await change()
    expect((await api.call('GET', `/v1/revisions/${revision}?wait=1`)).body).toMatchObject({ reached: 0, of: 2 })
  })

  test('that touched no map is everywhere at once', async () => {
    const { revision } = (await api.call('PUT', '/v1/customers/C-77', { name: 'No mail yet' })).body
    expect((await api.call('GET', `/v1/revisions/${revision}?wait=60`)).body).toMatchObject({ reached: 0, of: 0, maps: [] })
  })

  test.each(['wait=61', 'wait=-1', 'wait=1.5', 'level=staged'])('is not asked for with %s', async (query) => {
    expect((await api.call('GET', `/v1/revisions/1?${query}`)).body.code).toBe('request_invalid')
  })

  test.each(['0x1', '-1', 'first', '1.0'])('has no number like %s', async (text) => {
    expect((await api.call('GET', `/v1/revisions/${text}`)).body.code).toBe('request_invalid')
  })
})

describe('a report', () => {
  test('tells what fails, for the host and for a revision that is waited for', async () => {
    const revision = await change()
    const cursor = await cursorNow()
    await report('pop1', ['popmap'], { cursor: null, root: null, level: 'staged', failedStep: 'probe', reason: 'A line was not found.' })
    const host = await api.call('GET', '/v1/hosts/pop1')
    expect(host.body).toMatchObject({
      roles: ['proxy'],
      maps: [{ map: 'popmap', kind: 'popmap', mailstore: null }],
      reports: [{ host: 'pop1', map: 'popmap', cursor: null, failedStep: 'probe', reason: 'A line was not found.' }],
    })
    const hosts = (await api.call('GET', `/v1/revisions/${revision}`)).body.hosts
    expect(hosts.find((h: { host: string }) => h.host === 'pop1').maps).toEqual([
      { map: 'popmap', reached: false, cursor: null, level: 'staged', failedStep: 'probe', reason: 'A line was not found.' },
    ])
    await report('pop1', ['popmap'], { cursor })
    expect((await api.call('GET', '/v1/hosts/pop1')).body.reports).toMatchObject([{ cursor, failedStep: null, reason: null }])
  })

  test('of a map that is not this host’s is not kept, and the rest is', async () => {
    const cursor = await cursorNow()
    const answer = await report('pop1', ['popmap', 'userdb@ms1', 'nonsense'], { cursor }, pop1)
    expect(answer.body).toEqual({ saved: 1, ignored: ['userdb@ms1', 'nonsense'] })
    expect((await api.call('GET', '/v1/hosts/pop1')).body.reports).toHaveLength(1)
  })

  test.each([
    ['cursor', '7'],
    ['cursor', '1-7-9F3CA1B2C3D4E5F6'],
    ['root', 'abc'],
    ['level', 'published'],
    ['failedStep', 'A sentence'],
    ['map', '../etc/passwd'],
  ])('with %s = %s is refused', async (field, value) => {
    const answer = await report('pop1', ['popmap'], { cursor: null, [field]: value })
    expect(answer.body).toMatchObject({ code: 'request_invalid', errors: [{ field: `reports[0].${field}` }] })
  })

  test('makes no revision and wakes nobody', async () => {
    const head = await cursorNow()
    const woken = api.commits.length
    await report('pop1', ['popmap'], { cursor: head })
    expect(await cursorNow()).toBe(head)
    expect(api.commits).toHaveLength(woken)
  })
})

describe('changes', () => {
  test('are read in commit order, page by page, each revision whole, without a hash', async () => {
    await api.call('POST', '/v1/customers/C-1001/suspend')
    await api.call('PATCH', '/v1/mailboxes/user1@example.net', { password: 'correct horse', quotaBytes: 5 })
    const items: { revision: number }[] = []
    for (let after = 0; ;) {
      const page = (await api.call('GET', `/v1/changes?after=${after}&limit=2`)).body
      items.push(...page.items)
      if (page.next === null) break
      expect(page.next).toBe(page.items.at(-1).revision)
      after = page.next
    }
    const whole = (await api.call('GET', '/v1/changes?limit=1000')).body
    expect(items).toEqual(whole.items)
    expect(whole.items.map((c: { revision: number }) => c.revision)).toEqual(
      whole.items.map((c: { revision: number }) => c.revision).toSorted((a: number, b: number) => a - b),
    )
    expect(whole.head.split('-')[1]).toBe(String(whole.items.at(-1).revision))
    expect(JSON.stringify(whole)).not.toMatch(/\$argon2|\$2b\$|correct horse/)
    expect(whole.items.at(-1)).toMatchObject({ kind: 'mailbox', key: 'user1@example.net', action: 'update', customerId: 'C-1001' })
  })

  test('name the key and the request that asked for them', async () => {
    const requestId = 'billing-4711'
    const answer = await api.call('PUT', '/v1/customers/C-78', { name: 'Named' }, { headers: { 'x-request-id': requestId } })
    expect(answer.headers['x-request-id']).toBe(requestId)
    const { items } = (await api.call('GET', `/v1/changes?after=${answer.body.revision - 1}`)).body
    expect(items).toMatchObject([{ key: 'C-78', action: 'create', actor: api.admin.split('_')[1], requestId, after: { name: 'Named' } }])
  })
})
