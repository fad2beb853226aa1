import { CustomerId, Deleted } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const deleteCustomer: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.delete(
    '/v1/customers/:customerId',
    {
      config: { access: ACCESS.write },
      preValidation: refuseBody,
      schema: {
        operationId: 'deleteCustomer',
        tags: ['Customers'],
        summary: 'Delete a customer without domains',
        params: Type.Object({ customerId: CustomerId }),
        response: { 200: writeResponse(Deleted, 'It is gone.'), ...problemsWithBody('customer_not_found', 'customer_not_empty') },
      },
    },
    async (request, reply) => {
      const outcome = await context.directory.deleteCustomer(request.params.customerId, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, { ...outcome.value, changed: true })
      return reply.send({ revision: outcome.value.revision })
    },
  )
}
