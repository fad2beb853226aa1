import { Deleted, HostNameField } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const deleteHost: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.delete(
    '/v1/hosts/:host',
    {
      config: { access: ACCESS.write },
      preValidation: refuseBody,
      schema: {
        operationId: 'deleteHost',
        tags: ['Hosts'],
        summary: 'Delete a host',
        description: 'Its keys stop working.',
        params: Type.Object({ host: HostNameField }),
        response: { 200: writeResponse(Deleted, 'It is gone.'), ...problemsWithBody('host_not_found') },
      },
    },
    async (request, reply) => {
      const outcome = await context.directory.deleteHost(request.params.host, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, { ...outcome.value, changed: true })
      return reply.send({ revision: outcome.value.revision })
    },
  )
}
