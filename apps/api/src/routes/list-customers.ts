import { CustomerPage, StateField } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems } from '../problems.js'
import { pageQuery, toPage } from '../query.js'
import { renderCustomer } from '../wire.js'

export const listCustomers: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/customers',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listCustomers',
        tags: ['Customers'],
        summary: 'List customers by their id',
        querystring: pageQuery({ state: Type.Optional(StateField) }),
        response: { 200: response(CustomerPage, 'One page.'), ...problems() },
      },
    },
    async (request, reply) => {
      const page = await directory.listCustomers({ ...toPage(request.query), state: request.query.state })
      return reply.send({ items: page.items.map(renderCustomer), next: page.next })
    },
  )
}
