import { HostPage, word } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ROLES } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems } from '../problems.js'
import { pageQuery, toPage } from '../query.js'
import { renderHost } from '../wire.js'

export const listHosts: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/hosts',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listHosts',
        tags: ['Hosts'],
        summary: 'List hosts by name',
        querystring: pageQuery({ role: Type.Optional(word(ROLES, { description: 'Only hosts with this role.' })) }),
        response: { 200: response(HostPage, 'One page.'), ...problems() },
      },
    },
    async (request, reply) => {
      const page = await directory.listHosts({ ...toPage(request.query), role: request.query.role })
      return reply.send({ items: page.items.map(renderHost), next: page.next })
    },
  )
}
