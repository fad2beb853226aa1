import { KeyPage } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems } from '../problems.js'
import { pageQuery, toPage } from '../query.js'
import { renderKey } from '../wire.js'

export const listKeys: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/keys',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listKeys',
        tags: ['Keys'],
        summary: 'List API keys by their id, without their secrets',
        querystring: pageQuery({}),
        response: { 200: response(KeyPage, 'One page.'), ...problems() },
      },
    },
    async (request, reply) => {
      const page = await directory.listKeys(toPage(request.query))
      return reply.send({ items: page.items.map(renderKey), next: page.next })
    },
  )
}
