import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApiError, ConnectionError, createClient, everyItem, readPublishedFile } from './index.js'

/** A real HTTP server that answers as each test says: what is tested here is what goes over the wire and what comes back. */
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
let seen: { line: string; authorization: string | undefined; contentType: string | undefined; body: string }[]
let baseUrl: string
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8')
    const { authorization, 'content-type': contentType } = request.headers
    seen.push({ line: `${request.method} ${request.url}`, authorization, contentType, body })
    answer(request, response, body)
  })
})

beforeEach(async () => {
  seen = []
  answer = (_, response) => response.end('{}')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const client = (timeoutMs?: number) => createClient({ baseUrl, key: 'mk_k3yd0fb1ll1n_secret', ...(timeoutMs ? { timeoutMs } : {}) })

function problem(response: ServerResponse, status: number, code: string, more: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: `urn:muster:problem:${code}`, title: 'No', status, code, detail: 'Put the domain first.', ...more }))
}

describe('a request', () => {
  test('carries the key, and names in the path are escaped', async () => {
    await client().mailboxes.get('a/b?#@example.net')
    expect(seen).toEqual([
      {
        line: 'GET /v1/mailboxes/a%2Fb%3F%23%40example.net',
        authorization: 'Bearer mk_k3yd0fb1ll1n_secret',
        contentType: undefined,
        body: '',
      },
    ])
  })

  test('has a body only where there is one', async () => {
    await client().customers.put('C-1001', { name: 'Example Ltd' })
    await client().mailboxes.suspend('tevie@example.net')
    expect(seen).toMatchObject([
      { line: 'PUT /v1/customers/C-1001', contentType: 'application/json', body: '{"name":"Example Ltd"}' },
      { line: 'POST /v1/mailboxes/tevie%40example.net/suspend', contentType: undefined, body: '' },
    ])
  })

  test('leaves out what was not asked for', async () => {
    await client().revisions.get(7, { wait: 10 })
    await client().domains.list({ customerId: 'C-1001' })
    expect(seen.map(({ line }) => line)).toEqual(['GET /v1/revisions/7?wait=10', 'GET /v1/domains?customerId=C-1001'])
  })

  test('keeps the path of the base URL', async () => {
    await createClient({ baseUrl: `${baseUrl}/muster/`, key: 'k' }).readiness()
    expect(seen[0]?.line).toBe('GET /muster/readyz')
  })
})

describe('an error', () => {
  test('has the code and the detail of the problem', async () => {
    answer = (_, response) => problem(response, 404, 'domain_not_found')
    const error = await client()
      .mailboxes.create({ address: 'a@example.net' })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 404, code: 'domain_not_found', message: 'Put the domain first.' })
  })

  test('names the fields that are wrong', async () => {
    answer = (_, response) =>
      problem(response, 400, 'request_invalid', { errors: [{ field: 'quotaBytes', message: 'must be integer or null' }] })
    await expect(client().mailboxes.create({ address: 'a@example.net' })).rejects.toThrow('(quotaBytes must be integer or null)')
  })

  test('of a stranger on the way is told from one of the API', async () => {
    answer = (_, response) => response.writeHead(502).end('<html>Bad Gateway</html>')
    await expect(client().mailboxes.get('a@example.net')).rejects.toMatchObject({ code: 'http_502', problem: null })
  })

  test('is not made of a thing that is not there, but of a wrong address of the API', async () => {
    answer = (_, response) => problem(response, 404, 'mailbox_not_found')
    expect(await client().mailboxes.get('a@example.net')).toBeNull()
    answer = (_, response) => response.writeHead(404).end('no such page')
    await expect(client().mailboxes.get('a@example.net')).rejects.toMatchObject({ code: 'http_404' })
  })

  test('says where nobody listens', async () => {
    await new Promise((resolve) => server.close(resolve))
    const error = await client()
      .readiness()
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('ECONNREFUSED') as string })
  })

  test('says that there was no answer in time', async () => {
    answer = () => {}
    await expect(client(50).readiness()).rejects.toMatchObject({ code: 'timeout' })
  })

  test('also says so when the answer began and never ended', async () => {
    answer = (_, response) => response.write('{"ready":')
    await expect(client(50).readiness()).rejects.toMatchObject({ code: 'timeout' })
  })
})

describe('nothing is done behind the back of the caller', () => {
  test('an answer of 503 is not tried again', async () => {
    answer = (_, response) => problem(response, 503, 'overloaded')
    await expect(client().readiness()).rejects.toMatchObject({ code: 'overloaded' })
    expect(seen).toHaveLength(1)
  })

  test('a redirect does not carry the key elsewhere', async () => {
    answer = (_, response) => response.writeHead(302, { location: 'https://elsewhere.invalid/' }).end()
    await expect(client().readiness()).rejects.toBeInstanceOf(ConnectionError)
    expect(seen).toHaveLength(1)
  })

  test.each(['http://muster.example.net', 'http://10.0.0.1:8025', 'http://127.0.0.1.example.net'])('%s would show the key', (url) => {
    expect(() => createClient({ baseUrl: url, key: 'k' })).toThrow('use https')
  })

  test.each(['https://muster.example.net', 'http://localhost:8025', 'http://127.0.0.9:8025', 'http://[::1]:8025'])('%s is taken', (url) => {
    expect(createClient({ baseUrl: url, key: 'k' })).toBeDefined()
  })

  test('a key that would break the header is refused and not repeated', () => {
    expect(() => createClient({ baseUrl, key: 'mk_a\r\nX: y' })).toThrow(/^(?!.*mk_a)/)
  })
})

test('everyItem reads page after page', async () => {
  answer = (request, response) => {
    const after = new URL(request.url ?? '', 'http://x').searchParams.get('after')
    response.end(JSON.stringify(after === null ? { items: [{ name: 'ms1' }], next: 'ms1' } : { items: [{ name: 'ms2' }], next: null }))
  }
  const names: string[] = []
  for await (const { name } of everyItem((query) => client().mailstores.list(query))) names.push(name)
  expect(names).toEqual(['ms1', 'ms2'])
  expect(seen.map(({ line }) => line)).toEqual(['GET /v1/mailstores?limit=1000', 'GET /v1/mailstores?limit=1000&after=ms1'])
})

describe('the publisher', () => {
  test('answers null for a HEAD that is the same', async () => {
    answer = (request, response) => {
      if (request.headers['if-none-match'] === '"a"') response.writeHead(304).end()
      else response.writeHead(200, { etag: '"a"' }).end('muster-head 1\n')
    }
    const first = await client().publisher.fetchHead()
    expect(first).toEqual({ text: 'muster-head 1\n', etag: '"a"' })
    expect(await client().publisher.fetchHead('"a"')).toBeNull()
  })

  test('gives a shard as it comes in, and no more of it than was expected', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-length': '8', etag: '"s"' }).end('a:b\nc:d\n')
    const open = () => client().publisher.openShard('userdb@ms1', '1-7-9f3ca1b2c3d4e5f6', '0f')
    const file = await open()
    expect(file).toMatchObject({ etag: '"s"', lengthBytes: 8 })
    expect((await readPublishedFile(file, 8)).toString('utf8')).toBe('a:b\nc:d\n')
    await expect(readPublishedFile(await open(), 7)).rejects.toMatchObject({ code: 'answer_too_long' })
    expect(seen[0]?.line).toBe('GET /v1/maps/userdb%40ms1/snapshots/1-7-9f3ca1b2c3d4e5f6/shards/0f')
  })

  test('says that a transfer broke', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '8' })
      response.write('a:b\n', () => response.destroy())
    }
    const file = await client().publisher.openShard('popmap', '1-7-9f3ca1b2c3d4e5f6', '00')
    await expect(readPublishedFile(file, 8)).rejects.toBeInstanceOf(ConnectionError)
  })

  test('answers null for a delta that is no longer kept, and an error for a wrong address', async () => {
    answer = (_, response) => problem(response, 404, 'delta_not_found')
    expect(await client().publisher.openDelta('popmap', '1-7-9f3ca1b2c3d4e5f6')).toBeNull()
    answer = (_, response) => response.writeHead(404).end('no such page')
    await expect(client().publisher.openDelta('popmap', '1-7-9f3ca1b2c3d4e5f6')).rejects.toBeInstanceOf(ApiError)
  })
})
