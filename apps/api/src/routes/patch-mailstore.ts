import { Mailstore, MailstoreName, PatchMailstore, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseStorePath } from '@muster/domain'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderMailstore } from '../wire.js'

export const patchMailstore: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.patch(
    '/v1/mailstores/:mailstore',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'patchMailstore',
        tags: ['Mailstores'],
        summary: 'Change a mailstore: drain it, open it, give it another address',
        params: Type.Object({ mailstore: MailstoreName }),
        body: ref(PatchMailstore),
        response: {
          200: writeResponse(Mailstore, 'The mailstore as it is now.'),
          ...problemsWithBody('path_invalid', 'mailstore_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { root } = request.body
      const parsed = root === undefined ? undefined : parseStorePath(root)
      if (parsed?.ok === false) return sendRefusal(reply, parsed)
      const outcome = await context.directory.patchMailstore(request.params.mailstore, request.body, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      return reply.send(answerWritten(outcome.value, renderMailstore))
    },
  )
}
