import { MailstorePage } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems } from '../problems.js'
import { pageQuery, toPage } from '../query.js'
import { renderMailstore } from '../wire.js'

export const listMailstores: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/mailstores',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listMailstores',
        tags: ['Mailstores'],
        summary: 'List mailstores by name',
        querystring: pageQuery({}),
        response: { 200: response(MailstorePage, 'One page.'), ...problems() },
      },
    },
    async (request, reply) => {
      const page = await directory.listMailstores(toPage(request.query))
      return reply.send({ items: page.items.map(renderMailstore), next: page.next })
    },
  )
}
