import { Mailstore, MailstoreName } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem } from '../problems.js'
import { renderMailstore } from '../wire.js'

export const getMailstore: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/mailstores/:mailstore',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'getMailstore',
        tags: ['Mailstores'],
        summary: 'Read a mailstore',
        params: Type.Object({ mailstore: MailstoreName }),
        response: { 200: response(Mailstore, 'As it is now.'), ...problems('mailstore_not_found') },
      },
    },
    async (request, reply) => {
      const row = await directory.getMailstore(request.params.mailstore)
      if (row === null) return sendProblem(reply, 'mailstore_not_found', 'Put it first: PUT /v1/mailstores/{mailstore}.')
      return reply.send(renderMailstore(row))
    },
  )
}
