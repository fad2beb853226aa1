import { DomainStateChanged, DomainText } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { STATE_CHANGES, parseDomainName } from '@muster/domain'
import { Type } from 'typebox'
import { announce, answerState, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { refuseBody } from '../no-body.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderDomain } from '../wire.js'

const WORDS = {
  suspend: {
    summary: 'Suspend a domain with all its mailboxes',
    description: 'Nobody in this domain logs in; mail is still accepted. Closed stays closed.',
  },
  resume: {
    summary: 'Resume a domain with all its mailboxes',
    description: 'Mailboxes that were suspended or closed for themselves, or whose customer is, stay so: the strongest state wins.',
  },
  close: {
    summary: 'Close a domain with all its mailboxes',
    description: 'Nobody logs in and no mail is accepted; the mail that is there stays.',
  },
} as const

export const changeDomainState: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  for (const change of STATE_CHANGES) {
    app.post(
      `/v1/domains/:domain/${change}`,
      {
        config: { access: ACCESS.write },
        preValidation: refuseBody,
        schema: {
          operationId: `${change}Domain`,
          tags: ['Domains'],
          ...WORDS[change],
          params: Type.Object({ domain: DomainText }),
          response: {
            200: writeResponse(DomainStateChanged, 'As it is now.'),
            ...problemsWithBody('domain_name_invalid', 'domain_not_found'),
          },
        },
      },
      async (request, reply) => {
        const domain = parseDomainName(request.params.domain)
        if (!domain.ok) return sendRefusal(reply, domain)
        const outcome = await context.directory.setDomainState(domain.value, change, actorOf(request))
        if (!outcome.ok) return sendRefusal(reply, outcome)
        announce(context, reply, outcome.value)
        return reply.send(answerState(outcome.value, renderDomain))
      },
    )
  }
}
