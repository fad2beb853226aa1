import { Health } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'

export const getHealth: FastifyPluginAsyncTypebox<RouteContext> = async (app) => {
  app.get(
    '/healthz',
    {
      config: { access: ACCESS.public },
      schema: {
        operationId: 'getHealth',
        tags: ['Service'],
        summary: 'Ask whether the process is up',
        security: [],
        response: { 200: response(Health, 'It is.') },
      },
    },
    async (_request, reply) => reply.send({ status: 'up' }),
  )
}
