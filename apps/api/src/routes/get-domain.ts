import { Domain, DomainText } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseDomainName } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem, sendRefusal } from '../problems.js'
import { renderDomain } from '../wire.js'

export const getDomain: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/domains/:domain',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'getDomain',
        tags: ['Domains'],
        summary: 'Read a domain',
        params: Type.Object({ domain: DomainText }),
        response: { 200: response(Domain, 'As it is now.'), ...problems('domain_name_invalid', 'domain_not_found') },
      },
    },
    async (request, reply) => {
      const domain = parseDomainName(request.params.domain)
      if (!domain.ok) return sendRefusal(reply, domain)
      const row = await directory.getDomain(domain.value)
      if (row === null) return sendProblem(reply, 'domain_not_found', 'Put it first: PUT /v1/domains/{domain}.')
      return reply.send(renderDomain(row))
    },
  )
}
