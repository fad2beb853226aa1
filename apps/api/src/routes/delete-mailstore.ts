import { Deleted, MailstoreName } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const deleteMailstore: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.delete(
    '/v1/mailstores/:mailstore',
    {
      config: { access: ACCESS.write },
      preValidation: refuseBody,
      schema: {
        operationId: 'deleteMailstore',
        tags: ['Mailstores'],
        summary: 'Delete a mailstore without mailboxes',
        params: Type.Object({ mailstore: MailstoreName }),
        response: { 200: writeResponse(Deleted, 'It is gone.'), ...problemsWithBody('mailstore_not_found', 'mailstore_not_empty') },
      },
    },
    async (request, reply) => {
      const outcome = await context.directory.deleteMailstore(request.params.mailstore, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, { ...outcome.value, changed: true })
      return reply.send({ revision: outcome.value.revision })
    },
  )
}
