import { join } from 'node:path'
import { CursorField } from '@muster/contract'
import { compareCursors, parseCursor, type Cursor } from '@muster/domain'
import { readFileIfAny } from '@muster/maptree'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { mapProblems, nothingNew, textFile } from './route-schemas.js'
import type { PublisherRoutesOptions } from './routes.js'
import { sendTextIfAny } from './send-file.js'

interface HeadQuery {
  readonly after?: string
  readonly wait?: number
}

const querystring = Type.Object({
  after: Type.Optional(CursorField),
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 60, default: 0, description: 'With `after`: seconds to wait, 0 to 60.' })),
})

/** HEAD, and the long-poll by which an agent learns at once that there is another one for it. */
export function addHead(app: FastifyInstance, options: PublisherRoutesOptions): void {
  const file = join(options.publishDir, 'HEAD')
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  const schema = {
    operationId: 'getMapsHead',
    tags: ['Maps'],
    summary: 'Read the signed HEAD, or wait for the next that concerns the key',
    description:
      'Where every map stands, signed by the publisher and renewed every minute. It holds no secret. With `after`, the cursor of a HEAD that ' +
      'the caller has, it is answered once a map that the key may read was changed since, and can be fetched; 304 when the time is up.',
    querystring,
    response: { 200: textFile('The file HEAD.'), 304: nothingNew, ...mapProblems('nothing_published') },
  }
  app.get<{ Querystring: HeadQuery }>('/v1/maps/head', { schema }, async (request, reply) => {
    const { after, wait = 0 } = request.query
    const known = after === undefined ? null : parseCursor(after)
    if (!known?.ok) return sendTextIfAny(request, reply, await readFileIfAny(file))
    const over = new AbortController()
    const end = () => over.abort()
    reply.raw.once('close', end)
    closing.signal.addEventListener('abort', end)
    if (closing.signal.aborted) end()
    try {
      const text = await waitForNews(options, request, known.value, wait * 1_000, over.signal)
      // A connection that was busy when the server began to close would stay open for as long as it may idle.
      if (closing.signal.aborted) reply.header('connection', 'close')
      return text === null ? reply.code(304).send() : sendTextIfAny(request, reply, text)
    } finally {
      end()
      closing.signal.removeEventListener('abort', end)
    }
  })
}

/** The first HEAD by which a map of the caller is past a cursor; null when the time is up or nobody waits any more. Holds a promise, no more. */
async function waitForNews(
  options: PublisherRoutesOptions,
  request: FastifyRequest,
  after: Cursor,
  waitMs: number,
  over: AbortSignal,
): Promise<Buffer | null> {
  const { publications } = options.publisher
  const until = performance.now() + waitMs
  for (;;) {
    const leftMs = Math.max(0, until - performance.now())
    // Listening comes before reading, so that nothing is published between the two unheard.
    const next = publications.next(leftMs, over)
    const text = await readFileIfAny(join(options.publishDir, 'HEAD'))
    if (text !== null && (await concerns(options, request, text.toString('latin1'), after))) return text
    if (leftMs === 0 || over.aborted || publications.closed) return null
    await next
  }
}

/**
 * Whether HEAD has a map of the caller beyond the cursor. Such a state is frozen, so that it can be fetched as HEAD names it although the
 * publisher goes on; where it has gone on already, another HEAD is about to follow.
 */
async function concerns(
  { publisher, mayRead }: PublisherRoutesOptions,
  request: FastifyRequest,
  text: string,
  after: Cursor,
): Promise<boolean> {
  let found = false
  for (const { map, cursor } of readMaps(text)) {
    if (compareCursors(cursor, after) <= 0 || !(await mayRead(request, map))) continue
    if (!(await publisher.ensureSnapshot(map, cursor))) return false
    found = true
  }
  return found
}

/** HEAD is our own file here: its signature is for those who fetch it. */
function readMaps(text: string): { map: string; cursor: Cursor }[] {
  return [...text.matchAll(/^map (\S+) (\S+) /gm)].flatMap(([, map = '', cursor = '']) => {
    const parsed = parseCursor(cursor)
    return parsed.ok ? [{ map, cursor: parsed.value }] : []
  })
}
