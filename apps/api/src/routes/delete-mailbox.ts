import { AddressText, Deleted } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseAddress } from '@muster/domain'
import { Type } from 'typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const deleteMailbox: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.delete(
    '/v1/mailboxes/:address',
    {
      config: { access: ACCESS.write },
      preValidation: refuseBody,
      schema: {
        operationId: 'deleteMailbox',
        tags: ['Mailboxes'],
        summary: 'Delete a mailbox',
        description: 'The address is not given to another customer before its quarantine ends. Mail on the mailstore is not touched.',
        params: Type.Object({ address: AddressText }),
        response: { 200: writeResponse(Deleted, 'It is gone.'), ...problemsWithBody('address_invalid', 'mailbox_not_found') },
      },
    },
    async (request, reply) => {
      const address = parseAddress(request.params.address)
      if (!address.ok) return sendRefusal(reply, address)
      const outcome = await context.directory.deleteMailbox(address.value, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, { ...outcome.value, changed: true })
      return reply.send({ revision: outcome.value.revision })
    },
  )
}
