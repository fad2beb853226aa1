import { Writable } from 'node:stream'
import type { Directory, KeyRole } from '@muster/domain'
import { createLogger } from '@muster/runtime'
import { openStore, type Store } from '@muster/store'
// oxlint-disable-next-line eslint/no-restricted-imports -- for tests, and left out of the build
import { testDatabase } from '@muster/testkit'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, expect } from 'vitest'
import { buildApi, type ApiOptions } from '../app.js'
import type { ApiConfig } from '../config.js'
import { mintKey } from '../key-token.js'
import { documentedResponses, type Documented } from './documented-responses.js'

/** As cheap as the algorithms allow: what is tested is not the cost. */
export const CHEAP_CONFIG: ApiConfig = {
  hashing: { argon2: { memoryKib: 64, passes: 1, lanes: 1 }, bcryptCost: 4, queueLength: 64 },
}

export const TEST_ACTOR = { keyId: 'test', role: 'admin', requestId: 'test' } as const

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>
  // oxlint-disable-next-line typescript/no-explicit-any -- what a caller without types sees of JSON
  readonly body: any
}

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

export interface CallOptions {
  /** A token; null for none. The admin's when not given. */
  readonly key?: string | null
  readonly headers?: Record<string, string>
}

export interface TestApi {
  readonly app: FastifyInstance
  readonly directory: Directory
  readonly admin: string
  /** Revisions that the publisher was woken with. */
  readonly commits: number[]
  /** All that was logged, as text. */
  log(): string
  call(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  /** A new key's token. */
  makeKey(role: KeyRole, host?: string): Promise<string>
  /** Customer C-1001, mailstore ms1, domain example.net: what a mailbox needs. */
  seed(): Promise<void>
}

/** Opens a migrated database of this file's own. Call it at the top of a test file. */
export async function openTestStore(): Promise<Store> {
  const { url } = await testDatabase()
  const store = await openStore({ databaseUrl: url })
  afterAll(() => store.close())
  return store
}

/** The API on a real directory. Every answer it gives in a test is held against the OpenAPI document and the rules for all. */
export async function startTestApi(over: Partial<ApiOptions> & { store?: Store } = {}): Promise<TestApi> {
  const { store = await openTestStore(), ...options } = over
  const commits: number[] = []
  const lines: string[] = []
  const destination = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) })
  const log = createLogger({ level: 'trace', name: 'test', destination })
  const onCommit = (revision: number) => commits.push(revision)
  const app = await buildApi({ directory: store.directory, config: CHEAP_CONFIG, log, onCommit, ...options })
  afterAll(() => app.close())
  const documented = documentedResponses(app.swagger() as never)
  const admin = await makeKey(store.directory, 'admin')
  const call: TestApi['call'] = async (method, path, body, { key = admin, headers = {} } = {}) => {
    const authorization = key === null ? {} : { authorization: `Bearer ${key}` }
    const request: InjectOptions = { method, url: path, headers: { ...authorization, ...headers } }
    const reply = await app.inject(body === undefined ? request : { ...request, payload: body as object })
    const answer = { status: reply.statusCode, headers: reply.headers, body: reply.body === '' ? null : reply.json() }
    checkRules(method, path, body, answer, documented)
    const told = answer.headers['muster-revision']
    if (told !== undefined) {
      const revision = await app.inject({ url: `/v1/revisions/${String(told)}`, headers: { authorization: `Bearer ${admin}` } })
      expect(revision.json()).toMatchObject({ revision: Number(told) })
    }
    return answer
  }
  return {
    app,
    directory: store.directory,
    admin,
    commits,
    log: () => lines.join(''),
    call,
    makeKey: (role, host) => makeKey(store.directory, role, host),
    async seed() {
      await call('PUT', '/v1/customers/C-1001', { name: 'Example Ltd' })
      await call('PUT', '/v1/mailstores/ms1', { host: '127.0.0.11', root: '/mail1' })
      await call('PUT', '/v1/domains/example.net', { customerId: 'C-1001' })
    },
  }
}

async function makeKey(directory: Directory, role: KeyRole, host: string | null = null): Promise<string> {
  const { keyId, token, secretHash } = mintKey()
  const outcome = await directory.createKey({ keyId, name: `test ${role}`, role, host, expiresAt: null, secretHash }, TEST_ACTOR)
  if (!outcome.ok) throw new Error(outcome.code)
  return token
}

/** What holds for every answer: errors are problems that are documented, writes tell their revision twice, no password comes back. */
function checkRules(method: Method, path: string, body: unknown, { status, headers, body: answer }: Answer, documented: Documented): void {
  if (status >= 400) {
    expect(headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer).toMatchObject({
      status,
      type: `urn:muster:problem:${answer.code}`,
      instance: `urn:muster:request:${headers['x-request-id']}`,
    })
    expect(answer.title).toBeTypeOf('string')
    expect(answer.detail).toMatch(/./)
  } else if (method !== 'GET' && answer !== null && typeof answer.revision === 'number') {
    expect(headers['muster-revision']).toBe(String(answer.revision))
  }
  // What cannot be decoded is answered before there is an operation.
  const operation = answer?.code === 'url_malformed' ? undefined : documented.find(method, path)
  if (operation) expect(operation.allows(status, answer?.code), `${method} ${path} ${status} ${answer?.code} is documented`).toBe(true)
  const { password, passwordHash } = (body ?? {}) as { password?: unknown; passwordHash?: unknown }
  for (const secret of [password, passwordHash]) {
    if (typeof secret === 'string' && secret.length > 3) expect(JSON.stringify(answer)).not.toContain(secret)
  }
}
