import { HostDetail, HostNameField } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { planHostMaps } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem } from '../problems.js'
import { renderHost, renderHostMap, renderReport } from '../wire.js'

export const getHost: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/hosts/:host',
    {
      config: { access: ACCESS.read },
      schema: {
        operationId: 'getHost',
        tags: ['Hosts'],
        summary: 'Read a host, its maps and what its agent last reported',
        params: Type.Object({ host: HostNameField }),
        response: { 200: response(HostDetail, 'The host.'), ...problems('host_not_found') },
      },
    },
    async (request, reply) => {
      const name = request.params.host
      const host = await directory.getHost(name)
      if (host === null) return sendProblem(reply, 'host_not_found', 'Put it first: PUT /v1/hosts/{host}.')
      const reports = await directory.listReports({ host: name })
      return reply.send({ ...renderHost(host), maps: planHostMaps(host).map(renderHostMap), reports: reports.map(renderReport) })
    },
  )
}
