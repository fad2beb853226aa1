import { connect } from 'node:net'
import type { Directory } from '@muster/domain'
import { afterAll, describe, expect, test } from 'vitest'
import { openTestStore, startTestApi } from './testing/start-test-api.js'

const store = await openTestStore()
const checks = [{ name: 'publisher', ready: true, detail: '' }]
let looked: () => void = () => {}
/** The directory itself, watched: `looked` is called when somebody reads the reports. */
const directory = new Proxy(store.directory, {
  get: (real, name: keyof Directory) => (name === 'listReports' ? (looked(), real.listReports) : real[name]),
})
const api = await startTestApi({ store, directory, readiness: async () => checks })
const { app } = api
const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
afterAll(() => app.close())

describe('a path', () => {
  test('that is nothing is a problem, without asking for a key', async () => {
    for (const path of ['/v1/nothing', '/nothing', '/v1/customers/a/b/c']) {
      expect(await api.call('GET', path, undefined, { key: null })).toMatchObject({ status: 404, body: { code: 'route_not_found' } })
    }
  })

  test('that takes other methods names them', async () => {
    const answer = await api.call('DELETE', '/v1/customers?x=1')
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET' }, body: { code: 'method_not_allowed' } })
    expect(await api.call('PATCH', '/v1/domains/example.net', { customerId: 'C-2' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, PUT, DELETE' },
    })
  })

  test('that cannot be decoded is refused', async () => {
    expect(await api.call('GET', '/v1/customers/%zz')).toMatchObject({ status: 400, body: { code: 'url_malformed' } })
    expect(await api.call('GET', `/v1/mailboxes/${'a'.repeat(2_000)}`)).toMatchObject({ status: 400, body: { code: 'url_malformed' } })
  })
})

describe('a request id', () => {
  const idFor = async (given?: string) => {
    const answer = await api.call('GET', '/v1/customers', undefined, given === undefined ? {} : { headers: { 'x-request-id': given } })
    return String(answer.headers['x-request-id'])
  }

  test('is the caller’s when it is sane, else a new one', async () => {
    expect(await idFor('billing-4711.a_B')).toBe('billing-4711.a_B')
    for (const insane of ['', 'a b', '"quoted"', '-x', 'a'.repeat(65), 'ä']) expect(await idFor(insane)).toMatch(/^[0-9a-f-]{36}$/)
    expect(await idFor()).not.toBe(await idFor())
  })

  test('is in the log with the route and the key, and neither address nor body nor token is', async () => {
    await api.call('GET', '/v1/mailboxes/secretive@example.net', undefined, { headers: { 'x-request-id': 'find-me' } })
    const line = api
      .log()
      .split('\n')
      .find((text) => text.includes('find-me') && text.includes('"msg":"request"'))
    expect(JSON.parse(line ?? '')).toMatchObject({
      route: '/v1/mailboxes/:address',
      method: 'GET',
      status: 404,
      keyId: api.admin.split('_')[1],
    })
    expect(api.log()).not.toContain('secretive')
    expect(api.log()).not.toContain(api.admin)
  })
})

describe('answers', () => {
  test('are not to be cached or sniffed', async () => {
    expect((await api.call('GET', '/v1/customers')).headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
  })

  test('to HEAD are as to GET, without the body', async () => {
    const reply = await app.inject({ method: 'HEAD', url: '/v1/customers', headers: { authorization: `Bearer ${api.admin}` } })
    expect([reply.statusCode, reply.body]).toEqual([200, ''])
    expect((await app.inject({ method: 'HEAD', url: '/v1/customers' })).statusCode).toBe(401)
  })
})

describe('the service', () => {
  const get = (path: string) => api.call('GET', path, undefined, { key: null })

  test('says that it is up and ready to anybody', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'up' } })
    expect(await get('/readyz')).toMatchObject({
      status: 200,
      body: { ready: true, checks: [{ name: 'database', ready: true }, { name: 'publisher' }] },
    })
  })

  test('is not ready while something it needs is not, and says what', async () => {
    checks[0] = { name: 'publisher', ready: false, detail: 'restore_pending' }
    const reply = await app.inject('/readyz')
    expect(reply.statusCode).toBe(503)
    expect(reply.json()).toMatchObject({ ready: false, checks: [{ ready: true }, { name: 'publisher', detail: 'restore_pending' }] })
  })

  test('leads to its console, which loads nothing from elsewhere', async () => {
    expect((await app.inject('/')).headers).toMatchObject({ location: '/docs' })
    const page = await app.inject('/docs')
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.body).not.toMatch(/(?:src|href)="https?:/)
    expect((await app.inject('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' })
  })
})

describe('over a socket', () => {
  /** What the server writes back to these bytes, until it closes. */
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = ''
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
      socket.on('data', (chunk) => (answer += chunk.toString()))
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })
  const head = (more: string) => `Host: x\r\nAuthorization: Bearer ${api.admin}\r\nConnection: close\r\n${more}\r\n`

  test('an action without a body needs no length and no type', async () => {
    await api.seed()
    expect(await raw(`POST /v1/customers/C-1001/suspend HTTP/1.1\r\n${head('')}`)).toMatch(/^HTTP\/1\.1 200/)
    expect(
      await raw(`POST /v1/customers/C-1001/resume HTTP/1.1\r\n${head('Content-Type: application/json\r\nContent-Length: 0\r\n')}`),
    ).toMatch(/^HTTP\/1\.1 200/)
    const form = head('Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n')
    expect(await raw(`POST /v1/customers/C-1001/resume HTTP/1.1\r\n${form}`)).toMatch(/^HTTP\/1\.1 200/)
  })

  test.each<[method: 'GET' | 'POST' | 'PUT', path: string, body?: object]>([
    ['GET', '/v1/customers?after=%00'],
    ['GET', '/v1/mailboxes?after=a%00'],
    ['PUT', '/v1/customers/C-1', { name: 'a\0b' }],
    ['PUT', '/v1/customers/C-1', { name: 'a\ud800b' }],
    ['POST', '/v1/keys', { name: 'a\0b', role: 'admin' }],
    ['POST', '/v1/keys', { name: 'a', role: 'admin', expiresAt: '9999-12-31T23:59:60Z' }],
    ['POST', '/v1/mailboxes', { address: 'tevie@example.net', name: '\ud800' }],
    ['POST', '/v1/hosts/pop1/reports', { reports: [{ map: 'popmap', cursor: null, root: null, level: 'staged', reason: '\ud800' }] }],
  ])('what no database can hold is the fault of the request: %s %s %j', async (method, path, body) => {
    expect(await api.call(method, path, body)).toMatchObject({ status: 400, body: { code: 'request_invalid' } })
  })

  test('a body that is longer than it says, or comes in pieces past the limit, is refused', async () => {
    const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`
    const chunked = head('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n')
    expect(await raw(`PUT /v1/customers/C-3 HTTP/1.1\r\n${chunked}${chunk}${chunk}0\r\n\r\n`)).toContain('"code":"body_too_large"')
  })

  test('waiting for hosts ends at once when the server closes', async () => {
    await api.call('PUT', '/v1/hosts/pop1', { roles: ['proxy'] })
    const { revision } = (await api.call('POST', '/v1/mailboxes', { address: 'a@example.net' })).body
    const waiting = raw(`GET /v1/revisions/${revision}?wait=60 HTTP/1.1\r\n${head('')}`)
    await new Promise<void>((resolve) => (looked = resolve))
    await app.close()
    expect(await waiting).toContain('"reached":0,"of":1')
  })
})
