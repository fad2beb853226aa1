import { CustomerId, CustomerStateChanged } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { STATE_CHANGES } from '@muster/domain'
import { Type } from 'typebox'
import { announce, answerState, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderCustomer } from '../wire.js'

const WORDS = {
  suspend: {
    summary: 'Suspend a customer with all its mailboxes',
    description: 'Nobody of this customer logs in; mail is still accepted. Closed stays closed.',
  },
  resume: {
    summary: 'Resume a customer with all its mailboxes',
    description: 'Mailboxes and domains that were suspended or closed for themselves stay so: the strongest state wins.',
  },
  close: {
    summary: 'Close a customer with all its mailboxes',
    description: 'Nobody logs in and no mail is accepted; the mail that is there stays.',
  },
} as const

export const changeCustomerState: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  for (const change of STATE_CHANGES) {
    app.post(
      `/v1/customers/:customerId/${change}`,
      {
        config: { access: ACCESS.write },
        preValidation: refuseBody,
        schema: {
          operationId: `${change}Customer`,
          tags: ['Customers'],
          ...WORDS[change],
          params: Type.Object({ customerId: CustomerId }),
          response: { 200: writeResponse(CustomerStateChanged, 'As it is now.'), ...problemsWithBody('customer_not_found') },
        },
      },
      async (request, reply) => {
        const outcome = await context.directory.setCustomerState(request.params.customerId, change, actorOf(request))
        if (!outcome.ok) return sendRefusal(reply, outcome)
        announce(context, reply, outcome.value)
        return reply.send(answerState(outcome.value, renderCustomer))
      },
    )
  }
}
