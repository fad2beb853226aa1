import { Domain, DomainText, PutDomain, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseDomainName } from '@muster/domain'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderDomain } from '../wire.js'

export const putDomain: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.put(
    '/v1/domains/:domain',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'putDomain',
        tags: ['Domains'],
        summary: 'Create a domain of a customer',
        description: 'The name may be given in U-labels or A-labels (IDNA). The same request again changes nothing.',
        params: Type.Object({ domain: DomainText }),
        body: ref(PutDomain),
        response: {
          200: writeResponse(Domain, 'It was there, with this customer.'),
          201: writeResponse(Domain, 'It was created.', true),
          ...problemsWithBody(
            'domain_name_invalid',
            'customer_not_found',
            'customer_closed',
            'domain_of_another_customer',
            'domain_quarantined',
          ),
        },
      },
    },
    async (request, reply) => {
      const domain = parseDomainName(request.params.domain)
      if (!domain.ok) return sendRefusal(reply, domain)
      const { customerId } = request.body
      const outcome = await context.directory.putDomain({ domain: domain.value, customerId }, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      if (!outcome.value.created) return reply.code(200).send(answerWritten(outcome.value, renderDomain))
      reply.header('location', `/v1/domains/${domain.value}`)
      return reply.code(201).send(answerWritten(outcome.value, renderDomain))
    },
  )
}
