import { Customer, CustomerId, PutCustomer, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderCustomer } from '../wire.js'

export const putCustomer: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.put(
    '/v1/customers/:customerId',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'putCustomer',
        tags: ['Customers'],
        summary: 'Create a customer, or bring it up to date',
        description: "The id is the billing system's own. The same request again changes nothing and answers the same revision.",
        params: Type.Object({ customerId: CustomerId }),
        body: ref(PutCustomer),
        response: {
          200: writeResponse(Customer, 'It was there; it is as asked now.'),
          201: writeResponse(Customer, 'It was created.', true),
          ...problemsWithBody(),
        },
      },
    },
    async (request, reply) => {
      const { customerId } = request.params
      const outcome = await context.directory.putCustomer({ customerId, name: request.body.name }, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      if (!outcome.value.created) return reply.code(200).send(answerWritten(outcome.value, renderCustomer))
      reply.header('location', `/v1/customers/${customerId}`)
      return reply.code(201).send(answerWritten(outcome.value, renderCustomer))
    },
  )
}
