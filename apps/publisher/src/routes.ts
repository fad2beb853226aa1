import { join } from 'node:path'
import { parseCursor, renderCursor, type Cursor } from '@muster/domain'
import { findDelta, manifestFile, readFileIfAny, sha256, snapshotSpec, type Manifest } from '@muster/maptree'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { addHead } from './head-route.js'
import { parsePublishedMap, type PublishedMap } from './map-set.js'
import type { Publisher } from './publisher.js'
import { FromParam, MapList, MapParam, mapProblems, notModified, ShardParam, SnapshotParams, textFile } from './route-schemas.js'
import { sendFile, sendMapProblem, sendTextIfAny } from './send-file.js'

export interface PublisherRoutesOptions {
  readonly publisher: Pick<Publisher, 'maps' | 'ensureSnapshot' | 'publications'>
  readonly publishDir: string
  /** Whether the key of a request may read a map. Whoever mounts the routes asks for the key before they are reached. */
  readonly mayRead: (request: FastifyRequest, map: string) => boolean | Promise<boolean>
}

const tags = ['Maps']

/**
 * The published folder over HTTP, for agents. The server must know the shared schemas of packages/contract. A path is only ever made of a
 * parsed map name, a parsed cursor and the digits of a shard.
 */
export const publisherRoutes: FastifyPluginAsync<PublisherRoutesOptions> = async (app, options) => {
  addListMaps(app, options)
  addHead(app, options)
  addPublisherKey(app, options)
  addManifest(app, options)
  addShard(app, options)
  addDelta(app, options)
}

function addListMaps(app: FastifyInstance, { publisher, mayRead }: PublisherRoutesOptions): void {
  const schema = { operationId: 'listMaps', tags, summary: 'List the maps as they are published', response: { 200: MapList } }
  app.get('/v1/maps', { schema }, async (request) => {
    const readable: Manifest[] = []
    for (const manifest of publisher.maps()) if (await mayRead(request, manifest.map)) readable.push(manifest)
    return { items: readable.map(renderMapItem) }
  })
}

function renderMapItem({ map, cursor, root, entries, shards }: Manifest) {
  return { map, cursor: renderCursor(cursor), root, entries, bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0) }
}

/** A file that every key may read. */
function addPublisherKey(app: FastifyInstance, { publishDir }: PublisherRoutesOptions): void {
  const schema = {
    operationId: 'getPublisherKey',
    tags,
    summary: "Read the publisher's public key",
    description: 'The Ed25519 key (PEM) that signs HEAD and the manifests: what a host pins when it is enrolled.',
    response: { 200: textFile('The file publisher.pub.'), 304: notModified, ...mapProblems('nothing_published') },
  }
  app.get('/v1/maps/publisher-key', { schema }, async (request, reply) =>
    sendTextIfAny(request, reply, await readFileIfAny(join(publishDir, 'publisher.pub'))),
  )
}

function addManifest(app: FastifyInstance, options: PublisherRoutesOptions): void {
  const schema = {
    operationId: 'getMapManifest',
    tags,
    summary: 'Read the signed manifest of a map at a cursor',
    params: Type.Object(SnapshotParams),
    response: { 200: textFile('The file MANIFEST.'), 304: notModified, ...mapProblems('forbidden', 'map_not_found', 'snapshot_not_found') },
  }
  app.get<{ Params: SnapshotPath }>('/v1/maps/:map/snapshots/:cursor/manifest', { schema }, (request, reply) =>
    withSnapshot(options, request, reply, async (folder, manifest) => {
      return sendFile(request, reply, { file: join(folder, 'MANIFEST'), etag: sha256(manifest) })
    }),
  )
}

function addShard(app: FastifyInstance, options: PublisherRoutesOptions): void {
  const schema = {
    operationId: 'getMapShard',
    tags,
    summary: 'Read one shard of a map at a cursor',
    params: Type.Object({ ...SnapshotParams, ...ShardParam }),
    response: {
      200: textFile('The shard, as the manifest describes it.'),
      304: notModified,
      ...mapProblems('forbidden', 'map_not_found', 'snapshot_not_found', 'shard_not_found'),
    },
  }
  app.get<{ Params: SnapshotPath & { shard: string } }>('/v1/maps/:map/snapshots/:cursor/shards/:shard', { schema }, (request, reply) =>
    withSnapshot(options, request, reply, async (folder, manifest) => {
      const { shard } = request.params
      const digest = new RegExp(`^shard ${/^[0-9a-f]{2,3}$/.exec(shard)?.[0] ?? '-'} \\d+ ([0-9a-f]{64}) `, 'm').exec(manifest)?.[1]
      if (digest === undefined) return sendMapProblem(reply, 'shard_not_found', 'The manifest lists the shards that there are.')
      return sendFile(request, reply, { file: join(folder, 'shards', shard), etag: digest })
    }),
  )
}

function addDelta(app: FastifyInstance, options: PublisherRoutesOptions): void {
  const schema = {
    operationId: 'getMapDelta',
    tags,
    summary: 'Read what changed in a map after a cursor',
    description: 'The next step from there; ask on from where it ends. Without one, compare manifests and fetch the shards that differ.',
    params: Type.Object({ ...MapParam, ...FromParam }),
    response: { 200: textFile('The delta.'), 304: notModified, ...mapProblems('forbidden', 'map_not_found', 'delta_not_found') },
  }
  app.get<{ Params: { map: string; from: string } }>('/v1/maps/:map/deltas/:from', { schema }, (request, reply) =>
    withMap(options, request, reply, async (map) => {
      const from = parseCursor(request.params.from)
      const file = from.ok ? await findDelta(map.spec, from.value) : null
      const sent = file === null ? null : await sendFile(request, reply, { file, etag: file.slice(file.lastIndexOf('..') + 2) })
      return sent ?? sendMapProblem(reply, 'delta_not_found', 'Compare manifests instead.')
    }),
  )
}

interface SnapshotPath {
  readonly map: string
  readonly cursor: string
}

async function withMap(
  options: PublisherRoutesOptions,
  request: FastifyRequest<{ Params: { map: string } }>,
  reply: FastifyReply,
  use: (map: PublishedMap) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const map = parsePublishedMap(options.publishDir, request.params.map)
  // Who may not read a map isn't told whether it exists.
  if (!(await options.mayRead(request, request.params.map))) {
    return sendMapProblem(reply, 'forbidden', "A host's key reads the maps that the host's roles need, and no other.")
  }
  const exists = map !== null && options.publisher.maps().some((manifest) => manifest.map === map.name)
  return exists ? use(map) : sendMapProblem(reply, 'map_not_found', 'GET /v1/maps lists those that there are.')
}

/** Finds a frozen state, or has the current one frozen, and hands over its folder and the text of its manifest. */
async function withSnapshot(
  options: PublisherRoutesOptions,
  request: FastifyRequest<{ Params: SnapshotPath }>,
  reply: FastifyReply,
  send: (folder: string, manifest: string) => Promise<FastifyReply | null>,
): Promise<FastifyReply> {
  return withMap(options, request, reply, async (map) => {
    const cursor = parseCursor(request.params.cursor)
    const found = cursor.ok ? await readSnapshotManifest(options, map, cursor.value) : null
    const sent = found === null ? null : await send(found.folder, found.manifest)
    return sent ?? sendMapProblem(reply, 'snapshot_not_found', 'GET /v1/maps/head names the cursor to ask for.')
  })
}

async function readSnapshotManifest({ publisher }: PublisherRoutesOptions, map: PublishedMap, cursor: Cursor) {
  const frozen = snapshotSpec(map.spec, cursor)
  const read = async () => (await readFileIfAny(manifestFile(frozen)))?.toString('utf8')
  let manifest = await read()
  if (manifest === undefined && (await publisher.ensureSnapshot(map.name, cursor))) manifest = await read()
  return manifest === undefined ? null : { folder: frozen.dir, manifest }
}
