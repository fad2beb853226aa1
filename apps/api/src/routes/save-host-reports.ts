import { AgentReports, AgentReportsSaved, HostNameField, ref, type AgentReport } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { mapName, parseCursor, planHostMaps } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problemsWithBody, sendProblem } from '../problems.js'

export const saveHostReports: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory, reports }) => {
  app.post(
    '/v1/hosts/:host/reports',
    {
      config: { access: ACCESS.hostWrite },
      schema: {
        operationId: 'saveHostReports',
        tags: ['Hosts'],
        summary: 'Report where the maps of a host stand',
        description: 'Sent by its agent after each round. A report is no change of the directory and has no revision.',
        params: Type.Object({ host: HostNameField }),
        body: ref(AgentReports),
        response: { 200: response(AgentReportsSaved, 'What was kept.'), ...problemsWithBody('host_not_found') },
      },
    },
    async (request, reply) => {
      const name = request.params.host
      const host = await directory.getHost(name)
      if (host === null) return sendProblem(reply, 'host_not_found', 'Put it first: PUT /v1/hosts/{host}.')
      const own = new Set(planHostMaps(host).map(mapName))
      // Roles may have changed since the agent read them: what is no longer its own is no reason to lose the rest.
      const kept = request.body.reports.filter((report) => own.has(report.map))
      if (kept.length > 0) await directory.saveReports(kept.map((report) => toReport(name, report)))
      reports.notify()
      const ignored = request.body.reports.filter((report) => !own.has(report.map)).map((report) => report.map)
      return reply.send({ saved: kept.length, ignored: [...new Set(ignored)] })
    },
  )
}

function toReport(host: string, { map, cursor, root, level, failedStep, reason }: AgentReport) {
  const parsed = cursor === null ? null : parseCursor(cursor)
  // The schema has the cursor's own pattern, so one that comes so far parses.
  if (parsed?.ok === false) throw new Error('A cursor passed the schema and not the parser.')
  return { host, map, cursor: parsed?.value ?? null, root, level, failedStep: failedStep ?? null, reason: reason ?? null }
}
