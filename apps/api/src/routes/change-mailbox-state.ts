import { AddressText, MailboxStateChanged } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { STATE_CHANGES, parseAddress } from '@muster/domain'
import { Type } from 'typebox'
import { announce, answerState, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderMailbox } from '../wire.js'

const WORDS = {
  suspend: {
    summary: 'Suspend a mailbox',
    description: 'Its owner cannot log in; mail is still accepted. Closed stays closed.',
  },
  resume: {
    summary: 'Resume a mailbox',
    description: 'It stays suspended while its domain or customer is: the strongest state wins.',
  },
  close: {
    summary: 'Close a mailbox',
    description: 'Its owner cannot log in and no mail is accepted; the mail that is there stays.',
  },
} as const

export const changeMailboxState: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  for (const change of STATE_CHANGES) {
    app.post(
      `/v1/mailboxes/:address/${change}`,
      {
        config: { access: ACCESS.write },
        preValidation: refuseBody,
        schema: {
          operationId: `${change}Mailbox`,
          tags: ['Mailboxes'],
          ...WORDS[change],
          params: Type.Object({ address: AddressText }),
          response: {
            200: writeResponse(MailboxStateChanged, 'As it is now.'),
            ...problemsWithBody('address_invalid', 'mailbox_not_found'),
          },
        },
      },
      async (request, reply) => {
        const address = parseAddress(request.params.address)
        if (!address.ok) return sendRefusal(reply, address)
        const outcome = await context.directory.setMailboxState(address.value, change, actorOf(request))
        if (!outcome.ok) return sendRefusal(reply, outcome)
        announce(context, reply, outcome.value)
        return reply.send(answerState(outcome.value, renderMailbox))
      },
    )
  }
}
