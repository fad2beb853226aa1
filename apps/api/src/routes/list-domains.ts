import { CustomerId, DomainPage, StateField } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems } from '../problems.js'
import { pageQuery, toPage } from '../query.js'
import { renderDomain } from '../wire.js'

export const listDomains: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/domains',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listDomains',
        tags: ['Domains'],
        summary: 'List domains by name',
        querystring: pageQuery({ customerId: Type.Optional(CustomerId), state: Type.Optional(StateField) }),
        response: { 200: response(DomainPage, 'One page.'), ...problems() },
      },
    },
    async (request, reply) => {
      const { customerId, state } = request.query
      const page = await directory.listDomains({ ...toPage(request.query), customerId, state })
      return reply.send({ items: page.items.map(renderDomain), next: page.next })
    },
  )
}
