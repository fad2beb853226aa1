import { ChangePage } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { renderCursor } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems } from '../problems.js'
import { DEFAULT_LIMIT, MAX_LIMIT } from '../query.js'
import { renderChange } from '../wire.js'

const query = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        default: 0,
        description: 'The revision you have: changes of later ones are answered. 0: from the first.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
        description: `About how many changes: 1 to ${MAX_LIMIT}; a revision is never parted.`,
      }),
    ),
  },
  { additionalProperties: false },
)

export const listChanges: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/changes',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'listChanges',
        tags: ['Revisions and changes'],
        summary: 'Read what changed after a revision',
        description:
          'Feed, audit trail and billing events in one: in commit order, without gaps. Keep the revision of the last change you have read, and ' +
          'the lineage of `head`: another lineage means that the directory was restored from a backup, and that you must read it anew.',
        querystring: query,
        response: { 200: response(ChangePage, 'One page.'), ...problems() },
      },
    },
    async (request, reply) => {
      const { after = 0, limit = DEFAULT_LIMIT } = request.query
      // The head is read first: it may be behind the page, and then only says less than there is.
      const head = await directory.getHead()
      const page = await directory.listChanges({ afterRevision: after, limit })
      return reply.send({ items: page.items.map(renderChange), next: page.next, head: renderCursor(head) })
    },
  )
}
