import { Host, HostNameField, PatchHost, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { planHostRequest } from '../host-request.js'
import { problemsWithBody, sendProblem, sendRefusal } from '../problems.js'
import { renderHost } from '../wire.js'

export const patchHost: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.patch(
    '/v1/hosts/:host',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'patchHost',
        tags: ['Hosts'],
        summary: 'Change the roles of a host, or the mailstores it serves',
        params: Type.Object({ host: HostNameField }),
        body: ref(PatchHost),
        response: {
          200: writeResponse(Host, 'The host as it is now.'),
          ...problemsWithBody('host_not_found', 'mailstore_not_found', 'host_mailstores_mismatch'),
        },
      },
    },
    async (request, reply) => {
      const name = request.params.host
      const present = await context.directory.getHost(name)
      if (present === null) return sendProblem(reply, 'host_not_found', 'Put it first: PUT /v1/hosts/{host}.')
      const planned = planHostRequest(request.body, present)
      if (!planned.ok) return sendRefusal(reply, planned)
      const outcome = await context.directory.patchHost(name, planned.value, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      return reply.send(answerWritten(outcome.value, renderHost))
    },
  )
}
