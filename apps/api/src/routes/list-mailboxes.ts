import { CustomerId, DomainText, MailboxPage, MailstoreName, StateField } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseDomainName } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendRefusal } from '../problems.js'
import { pageQuery, toPage } from '../query.js'
import { renderMailbox } from '../wire.js'

export const listMailboxes: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/mailboxes',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listMailboxes',
        tags: ['Mailboxes'],
        summary: 'List mailboxes by address',
        querystring: pageQuery({
          domain: Type.Optional(DomainText),
          customerId: Type.Optional(CustomerId),
          mailstore: Type.Optional(MailstoreName),
          state: Type.Optional(StateField),
        }),
        response: { 200: response(MailboxPage, 'One page.'), ...problems('domain_name_invalid') },
      },
    },
    async (request, reply) => {
      const { domain, customerId, mailstore, state } = request.query
      const parsed = domain === undefined ? undefined : parseDomainName(domain)
      if (parsed?.ok === false) return sendRefusal(reply, parsed)
      const page = await directory.listMailboxes({ ...toPage(request.query), domain: parsed?.value, customerId, mailstore, state })
      return reply.send({ items: page.items.map(renderMailbox), next: page.next })
    },
  )
}
