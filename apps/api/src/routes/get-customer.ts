import { Customer, CustomerId } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem } from '../problems.js'
import { renderCustomer } from '../wire.js'

export const getCustomer: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/customers/:customerId',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'getCustomer',
        tags: ['Customers'],
        summary: 'Read a customer',
        params: Type.Object({ customerId: CustomerId }),
        response: { 200: response(Customer, 'As it is now.'), ...problems('customer_not_found') },
      },
    },
    async (request, reply) => {
      const row = await directory.getCustomer(request.params.customerId)
      if (row === null) return sendProblem(reply, 'customer_not_found', 'Put it first: PUT /v1/customers/{customerId}.')
      return reply.send(renderCustomer(row))
    },
  )
}
