import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { ACCESS, declareAccess } from './auth.js'

/**
 * What the console's page may load: its own files, and nothing from elsewhere. Swagger UI sets style attributes and draws its icons from
 * data: URLs. No `upgrade-insecure-requests`: the console is also served in plain HTTP on loopback.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The console at /docs: every operation with its examples, to be tried on the server it comes from. */
export async function addConsole(app: FastifyInstance): Promise<void> {
  await app.register(async (scope) => {
    declareAccess(scope, ACCESS.public)
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_SECURITY_POLICY,
      uiConfig: {
        // Kept in this browser until "Logout"; a key is asked for once.
        persistAuthorization: true,
        tryItOutEnabled: true,
        displayRequestDuration: true,
        docExpansion: 'list',
        defaultModelsExpandDepth: -1,
        deepLinking: true,
        filter: true,
      },
      theme: { title: 'Muster' },
    })
    scope.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'))
  })
}
