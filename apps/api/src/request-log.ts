import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Fit for a log line, a header and a URN. Anything else a caller sends is replaced, not cleaned. */
const SANE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The caller's own `X-Request-Id` when it is sane, else a new one: it is in the answer, the log and the log of changes. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID()
}

/**
 * One line a request: which route, not which path, because a path holds addresses; never a body or a header. What load balancers ask
 * every second is logged at debug.
 */
export function addRequestLog(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const { url: route = 'none' } = request.routeOptions
    const fields = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      keyId: request.caller?.key.keyId,
    }
    const quiet = route === '/healthz' || route === '/readyz' || route.startsWith('/docs')
    request.log[quiet ? 'debug' : 'info'](fields, 'request')
  })
}
