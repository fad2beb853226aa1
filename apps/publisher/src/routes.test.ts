import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SHARED_SCHEMAS } from '@muster/contract'
import { renderCursor, type Cursor } from '@muster/domain'
import {
  freezeSnapshot,
  generateSigningKey,
  openSpill,
  parseDelta,
  parseHead,
  parseManifest,
  parsePinnedKeys,
  patchTree,
  renderHead,
  renderPublicKey,
  replaceFile,
  replaceTree,
  sha256,
  shardOf,
  type Tree,
} from '@muster/maptree'
import { createWakeSignal, type WakeSignal } from '@muster/runtime'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publishedMap } from './map-set.js'
import { makeFolder } from './publisher.fixture.js'
import { publisherRoutes } from './routes.js'

const key = generateSigningKey()
const cursor = (revision: number): Cursor => ({ lineage: 1, revision, nonce: '000000000000000a' })
const shard = (name: string) => shardOf(name, 256).toString(16).padStart(2, '0')
let publishDir: string
let app: FastifyInstance
let popmap: Tree
let frozen: string[]
let publications: WakeSignal

beforeEach(async () => {
  publishDir = await makeFolder()
  frozen = []
  publications = createWakeSignal()
  popmap = await publish('popmap', null)
  const userdb = await publish('userdb', 'ms1')
  const trees = () => [popmap, userdb]
  app = Fastify()
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema)
  await app.register(publisherRoutes, {
    publishDir,
    mayRead: (request, map) => request.headers['x-maps'] === undefined || String(request.headers['x-maps']).split(' ').includes(map),
    publisher: {
      publications,
      maps: () => trees().map((tree) => tree.manifest),
      ensureSnapshot: async (map, wanted) => {
        frozen.push(map)
        const tree = trees().find((t) => t.spec.map === map)
        if (tree === undefined || renderCursor(tree.manifest.cursor) !== renderCursor(wanted)) return false
        return freezeSnapshot(tree)
      },
    },
  })
})
afterEach(async () => {
  await app.close()
  await rm(publishDir, { recursive: true, force: true })
})

async function publish(kind: 'popmap' | 'userdb', mailstore: string | null): Promise<Tree> {
  const { spec } = publishedMap(publishDir, { kind, mailstore })
  const spill = openSpill(spec, join(publishDir, '.scratch'), 1_000_000)
  await spill.add([{ key: 'tevie@example.net', line: kind === 'popmap' ? 'tevie@example.net:127.0.0.11' : 'tevie@example.net\tuid=1' }])
  const { tree } = await replaceTree(spec, null, spill.shards(), { cursor: cursor(7), key, deltaLimit: 10 })
  await freezeSnapshot(tree)
  return tree
}

async function advance(revision: number): Promise<void> {
  const changes = new Map([['golde@example.net', `golde@example.net:127.0.0.${revision}`]])
  popmap = (await patchTree(popmap, changes, { cursor: cursor(revision), key, deltaLimit: 10 })).tree
}

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
const at = (revision: number) => `/v1/maps/popmap/snapshots/${renderCursor(cursor(revision))}`

test('lists the maps that the key may read', async () => {
  const all = await get('/v1/maps')
  expect(all.json().items).toEqual([
    { map: 'popmap', cursor: renderCursor(cursor(7)), root: popmap.manifest.root, entries: 1, bytes: 29 },
    expect.objectContaining({ map: 'userdb@ms1' }),
  ])
  expect((await get('/v1/maps', { 'x-maps': 'popmap' })).json().items).toHaveLength(1)
})

test('gives manifest and shards as they are on disk, immutable, to be asked for once', async () => {
  const manifest = await get(`${at(7)}/manifest`)
  expect(parseManifest(manifest.body, [key], 'f')).toEqual(popmap.manifest)
  expect(manifest.headers['cache-control']).toBe('private, max-age=31536000, immutable')
  const url = `${at(7)}/shards/${shard('tevie@example.net')}`
  const answer = await get(url)
  expect(answer.body).toBe('tevie@example.net:127.0.0.11\n')
  expect(answer.headers).toMatchObject({
    'content-length': '29',
    'content-type': 'text/plain; charset=utf-8',
    etag: `"${sha256(answer.body)}"`,
  })
  const again = await get(url, { 'if-none-match': `"other", ${answer.headers.etag}` })
  expect([again.statusCode, again.body]).toEqual([304, ''])
  const empty = await get(`${at(7)}/shards/${shard('golde@example.net')}`)
  expect([empty.statusCode, empty.body, empty.headers['content-length']]).toEqual([200, '', '0'])
})

test('a snapshot answers as it did while the map moves on', async () => {
  const before = await get(`${at(7)}/shards/${shard('golde@example.net')}`)
  await advance(8)
  expect((await get(`${at(7)}/shards/${shard('golde@example.net')}`)).body).toBe(before.body)
})

test('the state that HEAD names is there even when it is not frozen yet', async () => {
  await advance(8)
  const manifest = await get(`${at(8)}/manifest`)
  expect(parseManifest(manifest.body, [key], 'f').cursor).toEqual(cursor(8))
  expect((await get(`${at(8)}/shards/${shard('golde@example.net')}`)).body).toBe('golde@example.net:127.0.0.8\n')
  expect(frozen).toEqual(['popmap'])
})

test('gives the next delta from a cursor', async () => {
  await advance(8)
  await advance(9)
  const answer = await get(`/v1/maps/popmap/deltas/${renderCursor(cursor(7))}`)
  const delta = parseDelta(answer.rawPayload, popmap.spec.keyOfLine, 'f')
  expect(delta).toMatchObject({ to: cursor(8), changes: [{ key: 'golde@example.net', line: 'golde@example.net:127.0.0.8' }] })
  expect((await get(`/v1/maps/popmap/deltas/${renderCursor(cursor(9))}`)).json()).toMatchObject({ status: 404, code: 'delta_not_found' })
})

test('HEAD is as signed, and asked for anew each time', async () => {
  expect((await get('/v1/maps/head')).json()).toMatchObject({ status: 503, code: 'nothing_published' })
  const text = renderHead({ cursor: cursor(7), issued: new Date(0), maps: [] }, key)
  await replaceFile(join(publishDir, 'HEAD'), text, 0o640)
  const answer = await get('/v1/maps/head')
  expect(parseHead(answer.body, [key], 'f').cursor).toEqual(cursor(7))
  expect(answer.headers['cache-control']).toBe('private, no-cache')
  expect((await get('/v1/maps/head', { 'if-none-match': String(answer.headers.etag) })).statusCode).toBe(304)
})

test('the public key that hosts pin is the one that signs', async () => {
  expect((await get('/v1/maps/publisher-key')).json()).toMatchObject({ code: 'nothing_published' })
  await replaceFile(join(publishDir, 'publisher.pub'), renderPublicKey(key), 0o644)
  const answer = await get('/v1/maps/publisher-key')
  expect(parsePinnedKeys(answer.body).map((pinned) => pinned.keyId)).toEqual([key.keyId])
})

test('a key reads its maps only, and is not told whether another exists', async () => {
  const headers = { 'x-maps': 'popmap' }
  for (const map of ['userdb@ms1', 'userdb@ms7']) {
    for (const rest of [
      `snapshots/${renderCursor(cursor(7))}/manifest`,
      `snapshots/${renderCursor(cursor(7))}/shards/00`,
      `deltas/${renderCursor(cursor(7))}`,
    ]) {
      const answer = await get(`/v1/maps/${map}/${rest}`, headers)
      expect(answer.json()).toMatchObject({ status: 403, code: 'forbidden' })
      expect(answer.headers['content-type']).toMatch('application/problem+json')
    }
  }
  expect((await get(`${at(7)}/manifest`, headers)).statusCode).toBe(200)
})

test.each([
  [`/v1/maps/userdb@ms7/deltas/${renderCursor(cursor(7))}`, 404, 'map_not_found'],
  [`${at(3)}/manifest`, 404, 'snapshot_not_found'],
  [`${at(7)}/shards/0ab`, 404, 'shard_not_found'],
])('%s is answered %i %s', async (url, status, code) => {
  const answer = await get(url)
  expect(answer.json()).toMatchObject({ status, code, type: `urn:muster:problem:${code}` })
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.headers['etag']).toBeUndefined()
})

test.each([
  '/v1/maps/..%2fsecrets/deltas/1-7-000000000000000a',
  '/v1/maps/popmap/snapshots/..%2f..%2f../manifest',
  '/v1/maps/popmap/snapshots/1-7-000000000000000a/shards/..%2fMANIFEST',
  '/v1/maps/popmap/snapshots/1-7-000000000000000a/shards/zz',
  '/v1/maps/popmap/snapshots/.1-7-000000000000000a.new/manifest',
  '/v1/maps/popmap/deltas/..%2fMANIFEST',
])('%s never becomes a path', async (url) => {
  const answer = await get(url)
  expect(answer.statusCode).toBe(400)
  expect(answer.body).not.toContain(await readFile(join(publishDir, 'popmap', 'MANIFEST'), 'utf8'))
})

test('a HEAD request has the length and no body', async () => {
  const answer = await app.inject({ method: 'HEAD', url: `${at(7)}/shards/${shard('tevie@example.net')}` })
  expect([answer.statusCode, answer.headers['content-length'], answer.body]).toEqual([200, '29', ''])
})
