import { CreateMailbox, Mailbox, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { MAILBOX_REFUSALS } from '@muster/domain'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { hashesOf, NO_HASHES, parseMailboxRequest } from '../mailbox-request.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderMailbox } from '../wire.js'

export const createMailbox: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.post(
    '/v1/mailboxes',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'createMailbox',
        tags: ['Mailboxes'],
        summary: 'Create a mailbox and place it on a mailstore',
        description:
          'Its domain must be in the directory. Without a mailstore, the open one with the fewest mailboxes takes it. ' +
          'Ask `GET /v1/revisions/{revision}?wait=30` when the hosts know it.',
        body: ref(CreateMailbox),
        response: {
          201: writeResponse(Mailbox, 'It was created.', true),
          ...problemsWithBody(
            ...MAILBOX_REFUSALS,
            'address_invalid',
            'path_invalid',
            'password_invalid',
            'password_hash_unsupported',
            'password_and_hash',
            'hashing_busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const parsed = parseMailboxRequest(request.body, 'active')
      if (!parsed.ok) return sendRefusal(reply, parsed)
      const hashes = await hashesOf(request.body, context.passwords)
      if (!hashes.ok) return sendRefusal(reply, hashes)
      const mailbox = { ...parsed.value, hashes: hashes.value ?? NO_HASHES }
      const outcome = await context.directory.createMailbox(mailbox, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      reply.header('location', `/v1/mailboxes/${encodeURIComponent(outcome.value.value.address)}`)
      return reply.code(201).send(answerWritten(outcome.value, renderMailbox))
    },
  )
}
