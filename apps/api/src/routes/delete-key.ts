import { Deleted, KeyId } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const deleteKey: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.delete(
    '/v1/keys/:keyId',
    {
      config: { access: ACCESS.write },
      preValidation: refuseBody,
      schema: {
        operationId: 'deleteKey',
        tags: ['Keys'],
        summary: 'Revoke a key',
        description: 'It stops working at once.',
        params: Type.Object({ keyId: KeyId }),
        response: { 200: writeResponse(Deleted, 'It is gone.'), ...problemsWithBody('key_not_found') },
      },
    },
    async (request, reply) => {
      const outcome = await context.directory.deleteKey(request.params.keyId, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, { ...outcome.value, changed: true })
      return reply.send({ revision: outcome.value.revision })
    },
  )
}
