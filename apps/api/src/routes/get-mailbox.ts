import { AddressText, Mailbox } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseAddress } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem, sendRefusal } from '../problems.js'
import { renderMailbox } from '../wire.js'

export const getMailbox: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/mailboxes/:address',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'getMailbox',
        tags: ['Mailboxes'],
        summary: 'Read a mailbox',
        params: Type.Object({ address: AddressText }),
        response: { 200: response(Mailbox, 'As it is now.'), ...problems('address_invalid', 'mailbox_not_found') },
      },
    },
    async (request, reply) => {
      const address = parseAddress(request.params.address)
      if (!address.ok) return sendRefusal(reply, address)
      const row = await directory.getMailbox(address.value)
      if (row === null) return sendProblem(reply, 'mailbox_not_found', 'Create it first: POST /v1/mailboxes.')
      return reply.send(renderMailbox(row))
    },
  )
}
