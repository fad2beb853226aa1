import { SHARED_SCHEMAS } from '@muster/contract'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Directory } from '@muster/domain'
import { createWakeSignal } from '@muster/runtime'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import { ACCESS, addAuthentication, declareAccess } from './auth.js'
import { BODY_LIMIT_BYTES, type ApiConfig } from './config.js'
import { addConsole } from './console.js'
import type { Clock, ReadinessCheck, RouteContext } from './context.js'
import { addNotFound, scrubbed, sendError } from './errors.js'
import { addOpenapi } from './openapi.js'
import { createPasswords } from './passwords/passwords.js'
import { addRequestLog, requestIdOf } from './request-log.js'
import type { PublishedMaps } from './revision-reach.js'
import { ROUTES } from './routes/index.js'
import { AJV_OPTIONS, parseIntegers, refuseUnknownQuery } from './validation.js'

export interface ApiOptions {
  readonly directory: Directory
  readonly config: ApiConfig
  readonly log: FastifyBaseLogger
  readonly clock?: Clock
  /** Called after each committed write that changed something: wake the publisher with it. It must not block or throw. */
  readonly onCommit?: (revision: number) => void
  /** Where the publisher stands, for `GET /v1/revisions`: a host that has a map as it is published has all that did not change it. */
  readonly published?: () => PublishedMaps | null
  /** What else must be ready; whether the database answers is always asked. */
  readonly readiness?: () => Promise<readonly ReadinessCheck[]>
  /**
   * Routes of others on the same server, behind the same keys: any valid key reaches them, so each decides with actorOf() and
   * mayReadMap() what that key may have.
   */
  readonly plugins?: readonly FastifyPluginAsync[]
}

/** The whole API, ready to listen or to be asked with `inject`. Close it before the directory. */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { directory, config, log } = options
  const app = Fastify({
    loggerInstance: log,
    // Fastify's own lines quote paths, and these hold addresses; request-log.ts writes ours.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    bodyLimit: BODY_LIMIT_BYTES,
    ajv: AJV_OPTIONS,
    // Time for a request to arrive, against clients that send a byte a minute; an answer may take longer (`wait=60`).
    requestTimeout: 30_000,
    // An address has 254 characters, each perhaps percent-encoded.
    routerOptions: { maxParamLength: 1_024 },
    frameworkErrors: sendError,
  }).withTypeProvider<TypeBoxTypeProvider>()
  const reports = createWakeSignal()
  app.addHook('preClose', async () => reports.close())
  const context: RouteContext = {
    directory,
    passwords: createPasswords(config.hashing),
    reports,
    clock: options.clock ?? { now: Date.now },
    onCommit: options.onCommit ?? (() => {}),
    published: options.published ?? (() => null),
    readiness: async () => [await checkDatabase(directory, log), ...((await options.readiness?.()) ?? [])],
  }
  addBodyParsers(app)
  app.setErrorHandler<FastifyError>(sendError)
  addNotFound(app)
  addRequestLog(app)
  addSafetyHeaders(app)
  addAuthentication(app, directory)
  app.addHook('preValidation', parseIntegers)
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema)
  await addOpenapi(app)
  await app.register(async (scope) => {
    scope.addHook('onRoute', refuseUnknownQuery)
    for (const route of ROUTES) await scope.register(route, context)
  })
  for (const plugin of options.plugins ?? []) {
    await app.register(async (scope) => {
      declareAccess(scope, ACCESS.anyKey)
      await scope.register(plugin)
    })
  }
  await addConsole(app)
  await app.ready()
  return app
}

/** JSON only, and an empty body is no body, whatever its type: many clients send a type with every POST. */
function addBodyParsers(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(['application/json', 'application/merge-patch+json'], { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else parseJson(request, body, done)
  })
  app.addHook('onRequest', async ({ raw: { headers } }) => {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
    if (length === '0' && encoding === undefined) delete headers['content-type']
  })
}

function addSafetyHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    // Answers hold personal data; what is immutable says so itself.
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store')
  })
}

async function checkDatabase(directory: Directory, log: FastifyBaseLogger): Promise<ReadinessCheck> {
  try {
    await directory.getHead()
    return { name: 'database', ready: true, detail: '' }
  } catch (error) {
    log.warn({ err: scrubbed(error) }, 'database not ready')
    return { name: 'database', ready: false, detail: 'The database does not answer.' }
  }
}
