import { ApiError, describeConnectionFault } from './errors.js'
import { readText, urlPath, type Http } from './http.js'

/** A map as the publisher lists it. */
export interface PublishedMap {
  readonly map: string
  readonly cursor: string
  readonly root: string
  readonly entries: number
  /** Of all its shards together. */
  readonly bytes: number
}

/** A file of the publisher, read as it comes in. Whoever takes it must read `bytes` to the end or leave the loop. */
export interface PublishedFile {
  readonly etag: string | null
  /** null when the answer doesn't say (compressed on the way). */
  readonly lengthBytes: number | null
  readonly bytes: AsyncIterable<Uint8Array>
}

// A shard of a very large map over a slow line; a small answer has the client's own timeout.
const TRANSFER_TIMEOUT_MS = 600_000
/** What an answer may take beside the waiting that was asked for. */
const WAIT_GRACE_SECONDS = 10

/** Reads the publisher's files. What they say is proved by signature and digest, which is the caller's part (maptree). */
export function createPublisherClient(http: Http) {
  const openFile = async (url: string) =>
    toFile(await http.open(url, { timeoutMs: TRANSFER_TIMEOUT_MS, headers: ANY }), TRANSFER_TIMEOUT_MS)
  return {
    /** The public key (PEM) of which HEAD and the manifests are signed: what an agent pins when it is enrolled. */
    async fetchPublicKey(): Promise<string> {
      return readText(await http.open('/v1/maps/publisher-key', { headers: ANY }), TRANSFER_TIMEOUT_MS)
    },
    listMaps: () => http.json<{ items: PublishedMap[] }>('GET', '/v1/maps'),
    /** The signed HEAD, or null when it still is the one with this ETag. */
    async fetchHead(etag?: string): Promise<{ text: string; etag: string | null } | null> {
      const headers = { ...ANY, ...(etag === undefined ? {} : { 'if-none-match': etag }) }
      const response = await http.open('/v1/maps/head', { headers })
      if (response.status === 304) return null
      return { text: await readText(response, TRANSFER_TIMEOUT_MS), etag: response.headers.get('etag') }
    },
    /**
     * The next HEAD that concerns the key, after the one with this cursor; null when none came within `waitSeconds` (0 to 60). Without a
     * cursor it is the present HEAD.
     */
    async waitForHead(after: string | null, waitSeconds: number): Promise<string | null> {
      const query = after === null ? {} : { after, wait: waitSeconds }
      const timeoutMs = (waitSeconds + WAIT_GRACE_SECONDS) * 1_000
      const response = await http.open('/v1/maps/head', { query, timeoutMs, headers: ANY })
      return response.status === 304 ? null : readText(response, timeoutMs)
    },
    async fetchManifest(map: string, cursor: string): Promise<string> {
      const response = await http.open(urlPath`/v1/maps/${map}/snapshots/${cursor}/manifest`, { headers: ANY })
      return readText(response, TRANSFER_TIMEOUT_MS)
    },
    /** `shard` is the shard's file name, such as `0f`. */
    openShard: (map: string, cursor: string, shard: string) => openFile(urlPath`/v1/maps/${map}/snapshots/${cursor}/shards/${shard}`),
    /** The delta that starts at `from`; null when the publisher no longer has one. */
    async openDelta(map: string, from: string): Promise<PublishedFile | null> {
      try {
        return await openFile(urlPath`/v1/maps/${map}/deltas/${from}`)
      } catch (error) {
        if (error instanceof ApiError && error.code === 'delta_not_found') return null
        throw error
      }
    },
  }
}

export type PublisherClient = ReturnType<typeof createPublisherClient>

const ANY = { accept: '*/*' }

function toFile(response: Response, timeoutMs: number): PublishedFile {
  const { body, headers, url } = response
  const length = headers.get('content-encoding') === null ? headers.get('content-length') : null
  return {
    etag: headers.get('etag'),
    lengthBytes: length === null ? null : Number(length),
    bytes: body === null ? empty() : readBytes(body, url, timeoutMs),
  }
}

async function* readBytes(body: AsyncIterable<Uint8Array>, url: string, timeoutMs: number): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw describeConnectionFault(url, error, timeoutMs)
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {}

/** The whole file at once, refused when it is longer than `maxBytes`: a broken server can't fill our memory. */
export async function readPublishedFile(file: PublishedFile, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of file.bytes) {
    size += chunk.byteLength
    if (size > maxBytes) throw new ApiError(200, 'answer_too_long', `The answer is longer than the ${maxBytes} bytes expected.`, null)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
