import { AddressText, Mailbox, PatchMailbox, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseAddress } from '@muster/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { hashesOf } from '../mailbox-request.js'
import { problemsWithBody, sendProblem, sendRefusal } from '../problems.js'
import { renderMailbox } from '../wire.js'

export const patchMailbox: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.patch(
    '/v1/mailboxes/:address',
    {
      config: { access: ACCESS.write },
      preValidation: refuseMailstore,
      schema: {
        operationId: 'patchMailbox',
        tags: ['Mailboxes'],
        summary: 'Change a mailbox: quota, password, services, name, owner',
        description: '`"quotaBytes": null` takes the quota away. A mailbox changes its mailstore only by a move.',
        params: Type.Object({ address: AddressText }),
        body: ref(PatchMailbox),
        response: {
          200: writeResponse(Mailbox, 'The mailbox as it is now.'),
          ...problemsWithBody(
            'address_invalid',
            'password_invalid',
            'password_hash_unsupported',
            'password_and_hash',
            'mailbox_not_found',
            'mailstore_fixed',
            'hashing_busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const address = parseAddress(request.params.address)
      if (!address.ok) return sendRefusal(reply, address)
      const { password: _password, passwordHash: _hash, ...changes } = request.body
      const hashes = await hashesOf(request.body, context.passwords)
      if (!hashes.ok) return sendRefusal(reply, hashes)
      const all = hashes.value === undefined ? changes : { ...changes, hashes: hashes.value }
      const outcome = await context.directory.patchMailbox(address.value, all, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      return reply.send(answerWritten(outcome.value, renderMailbox))
    },
  )
}

/** Said before anything else is: whoever sends a mailstore means to move a mailbox with its mail. */
async function refuseMailstore(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const { body } = request
  if (typeof body !== 'object' || body === null || !('mailstore' in body)) return undefined
  return sendProblem(reply, 'mailstore_fixed', 'A mailbox moves with its mail, and only by POST /v1/moves.')
}
