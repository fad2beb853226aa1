import { Readiness } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'

export const getReadiness: FastifyPluginAsyncTypebox<RouteContext> = async (app, { readiness }) => {
  app.get(
    '/readyz',
    {
      config: { access: ACCESS.public },
      schema: {
        operationId: 'getReadiness',
        tags: ['Service'],
        summary: 'Ask whether the service can do its work',
        description: 'For load balancers: 503 while the database is away or a restored directory waits for `muster restore accept`.',
        security: [],
        response: {
          200: response(Readiness, 'Everything it needs is there.'),
          503: response(Readiness, 'Something is not; see `checks`.'),
        },
      },
    },
    async (_request, reply) => {
      const checks = [...(await readiness())]
      const ready = checks.every((check) => check.ready)
      return reply.code(ready ? 200 : 503).send({ ready, checks })
    },
  )
}
