import { Revision, RevisionField, REVISION_LEVELS, word } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Directory, Host } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem } from '../problems.js'
import { MAX_LIMIT } from '../query.js'
import { planReach, type ReachFacts, type RevisionLevel } from '../revision-reach.js'

/** A report that came in at another process is found this late. */
const POLL_MS = 1_000

const query = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 60, default: 0, description: 'Seconds to wait until every concerned host has it: 0 to 60.' }),
    ),
    level: Type.Optional(
      word(REVISION_LEVELS, {
        default: 'applied',
        description: 'applied: swapped in on the host. effective: certainly seen by its daemons.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const getRevision: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.get(
    '/v1/revisions/:revision',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'getRevision',
        tags: ['Revisions and changes'],
        summary: 'Ask which hosts have a change, and wait until all have',
        description:
          'Every write answers its revision. `reached` of `of` concerned hosts have it; when the time is up the answer is as far as it has come, still 200.',
        params: Type.Object({ revision: RevisionField }),
        querystring: query,
        response: { 200: response(Revision, 'How far it has come.'), ...problems('revision_not_found') },
      },
    },
    async (request, reply) => {
      const { directory } = context
      const { level = 'applied', wait = 0 } = request.query
      const found = await directory.getRevision(request.params.revision)
      if (found === null) return sendProblem(reply, 'revision_not_found', 'Nothing is committed under this number.')
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const until = context.clock.now() + wait * 1_000
      const reach = await waitForReach(context, found, level, until, gone.signal)
      // The server is closing: a connection that idles after this would hold it up.
      if (context.reports.closed) reply.header('connection', 'close')
      return reply.send({
        revision: found.revision,
        committedAt: found.committedAt.toISOString(),
        changes: found.changes,
        maps: [...found.maps],
        level,
        ...reach,
      })
    },
  )
}

/** Asks again at every report and every second, each time on a connection of its own, until all have it or nobody waits any more. */
async function waitForReach(
  { directory, reports, clock, published }: RouteContext,
  found: Pick<ReachFacts, 'revision' | 'maps'>,
  level: RevisionLevel,
  until: number,
  gone: AbortSignal,
) {
  for (;;) {
    const head = await directory.getHead()
    const facts = { head, published: published(), hosts: await allHosts(directory), reports: await directory.listReports({}) }
    const reach = planReach({ ...found, ...facts }, level)
    const left = until - clock.now()
    if (reach.reached === reach.of || left <= 0 || gone.aborted || reports.closed) return reach
    await reports.next(Math.min(left, POLL_MS), gone)
  }
}

async function allHosts(directory: Directory): Promise<Host[]> {
  const hosts: Host[] = []
  for (let after: string | undefined; ;) {
    const page = await directory.listHosts({ limit: MAX_LIMIT, after })
    hosts.push(...page.items)
    if (page.next === null) return hosts
    after = page.next
  }
}
