import { Host, HostNameField, PutHost, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { announce, answerWritten, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { planHostRequest } from '../host-request.js'
import { problemsWithBody, sendRefusal } from '../problems.js'
import { renderHost } from '../wire.js'

export const putHost: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.put(
    '/v1/hosts/:host',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'putHost',
        tags: ['Hosts'],
        summary: 'Create a host, or give it other roles',
        description: 'Its roles decide which maps it may read. Its agent needs a key: POST /v1/keys with the role host.',
        params: Type.Object({ host: HostNameField }),
        body: ref(PutHost),
        response: {
          200: writeResponse(Host, 'It was there; it is as asked now.'),
          201: writeResponse(Host, 'It was created.', true),
          ...problemsWithBody('mailstore_not_found', 'host_mailstores_mismatch'),
        },
      },
    },
    async (request, reply) => {
      const name = request.params.host
      const planned = planHostRequest(request.body, await context.directory.getHost(name))
      if (!planned.ok) return sendRefusal(reply, planned)
      const outcome = await context.directory.putHost({ ...planned.value, name }, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      if (!outcome.value.created) return reply.code(200).send(answerWritten(outcome.value, renderHost))
      reply.header('location', `/v1/hosts/${name}`)
      return reply.code(201).send(answerWritten(outcome.value, renderHost))
    },
  )
}
