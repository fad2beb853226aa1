import { rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SHARED_SCHEMAS } from '@muster/contract'
import { renderCursor, type Cursor } from '@muster/domain'
import { generateSigningKey, parseHead, renderHead, replaceFile } from '@muster/maptree'
import { createWakeSignal, type WakeSignal } from '@muster/runtime'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from './publisher.fixture.js'
import { publisherRoutes } from './routes.js'

const key = generateSigningKey()
const cursor = (revision: number): Cursor => ({ lineage: 1, revision, nonce: '000000000000000a' })
let publishDir: string
let app: FastifyInstance
let publications: WakeSignal
/** Where each map stands. */
let standing: Record<string, number>
/** States that the publisher has left behind without freezing them. */
let missed: string[]
let frozen: string[]
/** How many requests have begun to wait so far. */
let waits: { count: number; reached: (count: number) => Promise<void> }

beforeEach(async () => {
  publishDir = await makeFolder()
  publications = createWakeSignal()
  standing = { popmap: 7, 'userdb@ms1': 7 }
  missed = []
  frozen = []
  waits = countWaits()
  app = Fastify({ forceCloseConnections: 'idle' })
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema)
  await app.register(publisherRoutes, {
    publishDir,
    mayRead: (request, map) => String(request.headers['x-maps']).split(' ').includes(map),
    publisher: {
      maps: () => [],
      ensureSnapshot: async (map, { revision }) => {
        if (missed.includes(`${map} ${revision}`)) return false
        frozen.push(`${map} ${revision}`)
        return true
      },
      publications: {
        get closed() {
          return publications.closed
        },
        next: (timeoutMs, signal) => {
          waits.count++
          return publications.next(timeoutMs, signal)
        },
      },
    },
  })
  await writeHead(7)
})
afterEach(async () => {
  publications.close()
  await app.close()
  await rm(publishDir, { recursive: true, force: true })
})

function countWaits() {
  const made = {
    count: 0,
    reached: async (count: number) => {
      while (made.count < count) await new Promise((resolve) => setImmediate(resolve))
    },
  }
  return made
}

async function writeHead(revision: number): Promise<void> {
  const maps = Object.entries(standing).map(([map, at]) => ({ map, cursor: cursor(at), root: 'a'.repeat(64) }))
  await replaceFile(join(publishDir, 'HEAD'), renderHead({ cursor: cursor(revision), issued: new Date(0), maps }, key), 0o640)
}

async function publish(revision: number, ...maps: string[]): Promise<void> {
  for (const map of maps) standing[map] = revision
  await writeHead(revision)
  publications.notify()
}

const ask = (revision: number, wait: number, maps = 'popmap') =>
  app.inject({ url: `/v1/maps/head?after=${renderCursor(cursor(revision))}&wait=${wait}`, headers: { 'x-maps': maps } })
const revisionOf = ({ body }: { body: string }) => parseHead(body, [key], 'HEAD').cursor.revision

test('who is behind is answered at once, and finds the state of its maps frozen', async () => {
  const answer = await ask(6, 60)
  expect([answer.statusCode, revisionOf(answer)]).toEqual([200, 7])
  expect(frozen).toEqual(['popmap 7'])
})

test('who is in step is answered when a map of its own is published', async () => {
  const answer = ask(7, 60)
  await waits.reached(1)
  await publish(8, 'popmap')
  expect(revisionOf(await answer)).toBe(8)
  expect(frozen).toEqual(['popmap 8'])
})

test('what concerns others wakes nobody, and is not told', async () => {
  const answer = ask(7, 60)
  await waits.reached(1)
  await publish(8, 'userdb@ms1')
  await waits.reached(2)
  expect(frozen).toEqual([])
  await publish(9, 'popmap')
  expect(revisionOf(await answer)).toBe(9)
})

test('when the time is up there is no HEAD', async () => {
  for (const wait of [0, 1]) {
    const answer = await ask(7, wait)
    expect([answer.statusCode, answer.body]).toEqual([304, ''])
  }
})

test('a state that can no longer be fetched is not pointed at; the next is', async () => {
  missed = ['popmap 8']
  const answer = ask(7, 60)
  await waits.reached(1)
  await publish(8, 'popmap')
  await waits.reached(2)
  await publish(9, 'popmap')
  expect(revisionOf(await answer)).toBe(9)
})

test('a server that closes, and a publisher that stops, let the waiters go', async () => {
  const first = ask(7, 60)
  await waits.reached(1)
  publications.close()
  expect((await first).statusCode).toBe(304)
  publications = createWakeSignal()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/maps/head?after=${renderCursor(cursor(7))}&wait=60`
  const soFar = waits.count
  const second = fetch(url, { headers: { 'x-maps': 'popmap' } })
  await waits.reached(soFar + 1)
  await app.close()
  expect((await second).status).toBe(304)
})

test('a cursor that is none and a wait that is too long are refused', async () => {
  expect((await app.inject({ url: '/v1/maps/head?after=7' })).statusCode).toBe(400)
  expect((await ask(7, 61)).statusCode).toBe(400)
})
