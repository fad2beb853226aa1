import { Deleted, DomainText } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseDomainName } from '@muster/domain'
import { Type } from 'typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const deleteDomain: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.delete(
    '/v1/domains/:domain',
    {
      config: { access: ACCESS.write },
      preValidation: refuseBody,
      schema: {
        operationId: 'deleteDomain',
        tags: ['Domains'],
        summary: 'Delete a domain without mailboxes',
        description: 'It is not given to another customer before its quarantine ends.',
        params: Type.Object({ domain: DomainText }),
        response: {
          200: writeResponse(Deleted, 'It is gone.'),
          ...problemsWithBody('domain_name_invalid', 'domain_not_found', 'domain_not_empty'),
        },
      },
    },
    async (request, reply) => {
      const domain = parseDomainName(request.params.domain)
      if (!domain.ok) return sendRefusal(reply, domain)
      const outcome = await context.directory.deleteDomain(domain.value, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, { ...outcome.value, changed: true })
      return reply.send({ revision: outcome.value.revision })
    },
  )
}
