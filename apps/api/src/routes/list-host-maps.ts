import { HostMaps, HostNameField } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { planHostMaps } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { problems, sendProblem } from '../problems.js'
import { renderHostMap } from '../wire.js'

export const listHostMaps: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory }) => {
  app.get(
    '/v1/hosts/:host/maps',
    {
      config: { access: ACCESS.hostRead },
      schema: {
        operationId: 'listHostMaps',
        tags: ['Hosts'],
        summary: 'List the maps a host may read',
        description: 'What an agent asks with its host key to know what it is to keep.',
        params: Type.Object({ host: HostNameField }),
        response: { 200: response(HostMaps, 'Its maps.'), ...problems('host_not_found') },
      },
    },
    async (request, reply) => {
      const host = await directory.getHost(request.params.host)
      if (host === null) return sendProblem(reply, 'host_not_found', 'Put it first: PUT /v1/hosts/{host}.')
      return reply.send({ items: planHostMaps(host).map(renderHostMap) })
    },
  )
}
