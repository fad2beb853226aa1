import { Mailstore, MailstoreName, PutMailstore, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DEFAULT_GID, DEFAULT_UID, parseStorePath, type MailstoreRequest } from '@muster/domain'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderMailstore } from '../wire.js'

export const putMailstore: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.put(
    '/v1/mailstores/:mailstore',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'putMailstore',
        tags: ['Mailstores'],
        summary: 'Create a mailstore, or bring it up to date',
        description:
          'What is left out stays as it is; on a new one: no port, uid and gid 5000, open. Another host or port sends every mailbox of it there.',
        params: Type.Object({ mailstore: MailstoreName }),
        body: ref(PutMailstore),
        response: {
          200: writeResponse(Mailstore, 'It was there; it is as asked now.'),
          201: writeResponse(Mailstore, 'It was created.', true),
          ...problemsWithBody('path_invalid'),
        },
      },
    },
    async (request, reply) => {
      const root = parseStorePath(request.body.root)
      if (!root.ok) return sendRefusal(reply, root)
      const name = request.params.mailstore
      const present = (await context.directory.getMailstore(name)) ?? NEW_MAILSTORE
      const outcome = await context.directory.putMailstore({ ...pick(present), ...request.body, name }, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      if (!outcome.value.created) return reply.code(200).send(answerWritten(outcome.value, renderMailstore))
      reply.header('location', `/v1/mailstores/${name}`)
      return reply.code(201).send(answerWritten(outcome.value, renderMailstore))
    },
  )
}

type Kept = Omit<MailstoreRequest, 'host' | 'root'>
const NEW_MAILSTORE: Kept = { port: null, uid: DEFAULT_UID, gid: DEFAULT_GID, state: 'open' }

function pick({ port, uid, gid, state }: Kept): Kept {
  return { port, uid, gid, state }
}
