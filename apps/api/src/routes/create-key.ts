import { CreateKey, KeyWithSecret, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { announce, writeResponse } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import type { RouteContext } from '../context.js'
import { mintKey } from '../key-token.js'
import { problemsWithBody, sendProblem, sendRefusal } from '../problems.js'
import { renderKey } from '../wire.js'

export const createKey: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.post(
    '/v1/keys',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'createKey',
        tags: ['Keys'],
        summary: 'Create an API key',
        description: 'The answer shows `token` this once; only its hash is kept. A key of the role host names its host.',
        body: ref(CreateKey),
        response: {
          201: writeResponse(KeyWithSecret, 'It was created. Write `token` down now.', true),
          ...problemsWithBody('host_not_found', 'key_host_mismatch'),
        },
      },
    },
    async (request, reply) => {
      const { name, role, host = null, expiresAt = null } = request.body
      if ((role === 'host') !== (host !== null)) {
        return sendProblem(reply, 'key_host_mismatch', 'A key with the role host names its host, and no other key does.')
      }
      const expires = expiresAt === null ? null : new Date(expiresAt)
      // Not `<=`: a leap second, which the schema takes, is no time to JavaScript.
      if (expires !== null && !(expires.getTime() > context.clock.now())) {
        return sendProblem(reply, 'request_invalid', 'The key would never work.', {
          errors: [{ field: 'expiresAt', message: 'must be in the future' }],
        })
      }
      const { keyId, token, secretHash } = mintKey()
      const outcome = await context.directory.createKey({ keyId, name, role, host, expiresAt: expires, secretHash }, actorOf(request))
      if (!outcome.ok) return sendRefusal(reply, outcome)
      announce(context, reply, outcome.value)
      return reply.code(201).send({ ...renderKey(outcome.value.value), token, revision: outcome.value.revision })
    },
  )
}
