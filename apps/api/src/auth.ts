import { mapName, parseMapName, planHostMaps, type Actor, type Directory, type Key, type KeyRole } from '@muster/domain'
import { mapKinds } from '@muster/maps'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { parseToken, secretMatches } from './key-token.js'
import { sendProblem } from './problems.js'

/** Who may use a route. A host key passes only where the host of the path is its own. */
export interface Access {
  readonly roles: readonly KeyRole[]
  readonly ownHostOnly?: true
}

export const ACCESS = {
  /** Nobody is asked for a key. */
  public: null,
  write: { roles: ['admin'] },
  read: { roles: ['admin', 'auditor'] },
  hostRead: { roles: ['admin', 'auditor', 'host'], ownHostOnly: true },
  hostWrite: { roles: ['admin', 'host'], ownHostOnly: true },
  /** Any key; the route itself decides further with mayReadMap(). */
  anyKey: { roles: ['admin', 'auditor', 'host'] },
} as const satisfies Record<string, Access | null>

/** The key a request came with. */
interface Caller {
  readonly key: Key
  /** The maps that the host of a host key may read, looked up once a request. */
  hostMaps(): Promise<readonly string[]>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Not declared: admin keys only. */
    access?: Access | null
  }
  interface FastifyRequest {
    caller: Caller | null
  }
}

/** Asks every request for its key before its body is read. What no route is at is answered as such, without a key. */
export function addAuthentication(app: FastifyInstance, directory: Directory): void {
  app.decorateRequest('caller', null)
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return
    const access = accessOf(request.routeOptions.config)
    if (access === null) return
    const key = await authenticate(request, directory)
    if (typeof key === 'string') return sendUnauthorized(reply, key)
    let maps: Promise<readonly string[]> | undefined
    request.caller = { key, hostMaps: () => (maps ??= loadHostMaps(key, directory)) }
    if (!isAllowed(key, access, request)) return sendForbidden(reply, key, access)
  })
}

export function accessOf(config: { access?: Access | null }): Access | null {
  return config.access === undefined ? ACCESS.write : config.access
}

/** For a scope whose routes are made elsewhere: what they do not declare themselves. */
export function declareAccess(app: FastifyInstance, access: Access | null): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    route.config = { access, ...route.config }
  })
}

/** Who asks, for the log of changes. Only on routes that ask for a key. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.caller === null) throw new Error('This route does not ask for a key, so nobody acts.')
  const { keyId, role } = request.caller.key
  return { keyId, role, requestId: request.id }
}

/**
 * Whether the key of this request may read a map: an admin's every one, a host's those that its roles need, and an auditor's those
 * without password hashes. For the routes that serve maps.
 */
export async function mayReadMap(request: FastifyRequest, name: string): Promise<boolean> {
  const { caller } = request
  if (caller === null) return false
  if (caller.key.role === 'admin') return true
  if (caller.key.role === 'host') return (await caller.hostMaps()).includes(name)
  const map = parseMapName(name)
  return map !== null && !mapKinds[map.kind].secret
}

async function loadHostMaps(key: Key, directory: Directory): Promise<readonly string[]> {
  const host = key.host === null ? null : await directory.getHost(key.host)
  return host === null ? [] : planHostMaps(host).map(mapName)
}

async function authenticate(request: FastifyRequest, directory: Directory): Promise<Key | 'credentials_missing' | 'credentials_invalid'> {
  const { authorization } = request.headers
  if (authorization === undefined) return 'credentials_missing'
  const token = parseToken(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '')
  if (token === null) return 'credentials_invalid'
  const found = await directory.findKey(token.keyId)
  const matches = secretMatches(token.secret, found?.secretHash ?? null)
  return found !== null && matches ? found.key : 'credentials_invalid'
}

function isAllowed(key: Key, access: Access, request: FastifyRequest): boolean {
  if (!access.roles.includes(key.role)) return false
  if (key.role !== 'host' || access.ownHostOnly === undefined) return true
  return key.host !== null && (request.params as { host?: string }).host === key.host
}

function sendUnauthorized(reply: FastifyReply, code: 'credentials_missing' | 'credentials_invalid') {
  const error = code === 'credentials_invalid' ? ', error="invalid_token"' : ''
  reply.header('www-authenticate', `Bearer realm="muster"${error}`)
  return sendProblem(reply, code, 'Send `Authorization: Bearer mk_...` with a key of this directory.')
}

function sendForbidden(reply: FastifyReply, key: Key, access: Access) {
  reply.header('www-authenticate', 'Bearer realm="muster", error="insufficient_scope"')
  const detail = access.roles.includes(key.role)
    ? 'A host key reaches only what belongs to its own host.'
    : `This needs a key with the role ${access.roles.join(' or ')}; this one is ${key.role}.`
  return sendProblem(reply, 'forbidden', detail)
}
