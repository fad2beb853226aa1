import { Customer, CustomerId, PatchCustomer, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderCustomer } from '../wire.js'

export const patchCustomer: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.patch(
    '/v1/customers/:customerId',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'patchCustomer',
        tags: ['Customers'],
        summary: 'Change a customer',
        params: Type.Object({ customerId: CustomerId }),
        body: ref(PatchCustomer),
        response: { 200: writeResponse(Customer, 'The customer as it is now.'), ...problemsWithBody('customer_not_found') },
      },
    },
    async (request, reply) => {
      const outcome = await context.directory.patchCustomer(request.params.customerId, request.body, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      return reply.send(answerWritten(outcome.value, renderCustomer))
    },
  )
}
