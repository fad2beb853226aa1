import { beforeAll, describe, expect, test } from 'vitest'
import { actorOf, mayReadMap } from './auth.js'
import { documentedResponses } from './testing/documented-responses.js'
import { startTestApi } from './testing/start-test-api.js'

const WHO = ['admin', 'auditor', 'its own host', 'another host'] as const
type Who = (typeof WHO)[number]

const READ: Who[] = ['admin', 'auditor']
const WRITE: Who[] = ['admin']

/** Said here once more, by hand: who may do what. */
const ALLOWED: Readonly<Record<string, readonly Who[]>> = {
  putCustomer: WRITE,
  getCustomer: READ,
  listCustomers: READ,
  patchCustomer: WRITE,
  suspendCustomer: WRITE,
  resumeCustomer: WRITE,
  closeCustomer: WRITE,
  deleteCustomer: WRITE,
  putMailstore: WRITE,
  getMailstore: READ,
  listMailstores: READ,
  patchMailstore: WRITE,
  deleteMailstore: WRITE,
  putDomain: WRITE,
  getDomain: READ,
  listDomains: READ,
  suspendDomain: WRITE,
  resumeDomain: WRITE,
  closeDomain: WRITE,
  deleteDomain: WRITE,
  createMailbox: WRITE,
  getMailbox: READ,
  listMailboxes: READ,
  patchMailbox: WRITE,
  checkPassword: WRITE,
  suspendMailbox: WRITE,
  resumeMailbox: WRITE,
  closeMailbox: WRITE,
  deleteMailbox: WRITE,
  importMailboxes: WRITE,
  putHost: WRITE,
  getHost: READ,
  listHosts: READ,
  patchHost: WRITE,
  listHostMaps: [...READ, 'its own host'],
  saveHostReports: [...WRITE, 'its own host'],
  deleteHost: WRITE,
  getRevision: READ,
  listChanges: READ,
  createKey: WRITE,
  listKeys: READ,
  deleteKey: WRITE,
}

const asked: { map: string; allowed: boolean; actor: string }[] = []
const api = await startTestApi({
  plugins: [
    async (app) => {
      app.get<{ Params: { map: string } }>('/v1/maps/:map', { schema: { hide: true } }, async (request, reply) => {
        const allowed = await mayReadMap(request, request.params.map)
        asked.push({ map: request.params.map, allowed, actor: actorOf(request).role })
        return reply.send({ allowed })
      })
    },
  ],
})
const operations = documentedResponses(api.app.swagger() as never).operations.filter(({ needsKey }) => needsKey)
const tokens = {} as Record<Who, string>

beforeAll(async () => {
  await api.seed()
  await api.call('PUT', '/v1/hosts/store1', { roles: ['mailstore'], mailstores: ['ms1'] })
  await api.call('PUT', '/v1/hosts/pop1', { roles: ['proxy'] })
  tokens.admin = api.admin
  tokens.auditor = await api.makeKey('auditor')
  tokens['its own host'] = await api.makeKey('host', 'store1')
  tokens['another host'] = await api.makeKey('host', 'pop1')
})

describe('each operation with a key of each role', () => {
  test('is in the table', () => {
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(ALLOWED).toSorted())
  })

  test.each(operations.flatMap((operation) => WHO.map((who) => [operation.operationId, who, operation] as const)))(
    '%s by %s',
    async (id, who, operation) => {
      // A body that is wrong and ids that are absent: who may not is stopped before, who may changes nothing.
      const path = operation.path
        .replace('{host}', 'store1')
        .replace('{revision}', '1')
        .replaceAll(/\{\w+\}/g, 'absent')
      const body = operation.hasBody ? { nonsense: true } : undefined
      const wrongQuery = operation.method === 'DELETE' ? '?nonsense=1' : ''
      const answer = await api.call(operation.method as 'GET', path + wrongQuery, body, { key: tokens[who] })
      const allowed = ALLOWED[id]?.includes(who) === true
      expect(answer.body.code === 'forbidden').toBe(!allowed)
      expect(answer.status === 403).toBe(!allowed)
    },
  )
})

describe('a key', () => {
  const get = (key: string | null, headers = {}) => api.call('GET', '/v1/customers', undefined, { key, headers })

  test('is asked for with WWW-Authenticate, and a wrong one is told apart from none', async () => {
    expect(await get(null)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="muster"' } })
    for (const wrong of [
      'nonsense',
      `mk_abcdefghijkl_${'a'.repeat(43)}`,
      `${api.admin.slice(0, -1)}${api.admin.endsWith('A') ? 'B' : 'A'}`,
      `${api.admin}x`,
    ]) {
      expect(await get(wrong)).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="muster", error="invalid_token"' },
        body: { code: 'credentials_invalid' },
      })
    }
    expect(await get(null, { authorization: `Basic ${api.admin}` })).toMatchObject({ status: 401 })
    expect(await get(null, { authorization: `bearer ${api.admin}` })).toMatchObject({ status: 200 })
  })

  test('shows its secret once, works at once, and stops working when it is revoked', async () => {
    const created = await api.call('POST', '/v1/keys', { name: 'billing', role: 'admin' })
    expect(created).toMatchObject({ status: 201, body: { role: 'admin', host: null, expiresAt: null } })
    const { token, keyId } = created.body
    expect(token).toMatch(new RegExp(`^mk_${keyId}_[A-Za-z0-9_-]{43}$`))
    expect((await get(token)).status).toBe(200)
    const listed = await api.call('GET', '/v1/keys?limit=1000')
    expect(listed.body.items).toContainEqual({
      keyId,
      name: 'billing',
      role: 'admin',
      host: null,
      expiresAt: null,
      createdAt: created.body.createdAt,
    })
    expect(JSON.stringify(listed.body)).not.toContain(token.split('_')[2])
    expect((await api.call('DELETE', `/v1/keys/${keyId}`)).status).toBe(200)
    expect((await get(token)).status).toBe(401)
    expect((await api.call('GET', '/v1/changes?limit=1000')).body.items.at(-1)).toMatchObject({ kind: 'key', key: keyId, action: 'delete' })
  })

  test('is not made to be dead already', async () => {
    const answer = await api.call('POST', '/v1/keys', { name: 'x', role: 'admin', expiresAt: '2001-01-01T00:00:00Z' })
    expect(answer).toMatchObject({ status: 400, body: { code: 'request_invalid', errors: [{ field: 'expiresAt' }] } })
    for (const expiresAt of ['tomorrow', '2099-02-30T00:00:00Z', 4_102_444_800]) {
      expect((await api.call('POST', '/v1/keys', { name: 'x', role: 'admin', expiresAt })).body.code).toBe('request_invalid')
    }
  })

  test('of a host dies with it', async () => {
    await api.call('PUT', '/v1/hosts/gone1', { roles: ['proxy'] })
    const { token } = (await api.call('POST', '/v1/keys', { name: 'agent', role: 'host', host: 'gone1' })).body
    expect((await api.call('GET', '/v1/hosts/gone1/maps', undefined, { key: token })).status).toBe(200)
    await api.call('DELETE', '/v1/hosts/gone1')
    expect((await api.call('GET', '/v1/hosts/gone1/maps', undefined, { key: token })).status).toBe(401)
  })
})

describe('a map, on a route of a plugin', () => {
  test.each<[Who, string[]]>([
    ['admin', ['popmap', 'userdb', 'userdb@ms1', 'dovecot-passwd@ms1', 'nonsense']],
    ['auditor', ['popmap']],
    ['its own host', ['userdb@ms1', 'dovecot-passwd@ms1']],
    ['another host', ['popmap']],
  ])('may be read by %s: %j', async (who, expected) => {
    const maps = ['popmap', 'userdb', 'userdb@ms1', 'dovecot-passwd@ms1', 'userdb@ms2', 'nonsense']
    const answers = await Promise.all(maps.map((map) => api.call('GET', `/v1/maps/${map}`, undefined, { key: tokens[who] })))
    const readable = maps.filter((_, i) => answers[i]?.body.allowed)
    expect(readable.filter((map) => map !== 'userdb@ms2' || who !== 'admin')).toEqual(expected)
    expect(asked.at(-1)?.actor).toBe(who.endsWith('host') ? 'host' : who)
  })

  test('is asked for with a key like everything else', async () => {
    expect((await api.call('GET', '/v1/maps/popmap', undefined, { key: null })).status).toBe(401)
  })
})
