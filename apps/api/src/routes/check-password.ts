import { AddressText, CheckPassword, PasswordChecked, ref } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseAddress } from '@muster/domain'
import { Type } from 'typebox'
import { response } from '../answers.js'
import { ACCESS } from '../auth.js'
import type { RouteContext } from '../context.js'
import { NO_HASHES } from '../mailbox-request.js'
import { problemsWithBody, sendProblem, sendRefusal } from '../problems.js'

export const checkPassword: FastifyPluginAsyncTypebox<RouteContext> = async (app, { directory, passwords }) => {
  app.post(
    '/v1/mailboxes/:address/password-check',
    {
      config: { access: ACCESS.write },
      schema: {
        operationId: 'checkPassword',
        tags: ['Mailboxes'],
        summary: 'Check whether this is the password of a mailbox',
        description:
          'Compares with the hash that is set, whatever the state of the mailbox; without a password nothing matches. ' +
          'An imported hash is judged by crypt(3) of the machine that answers, and answered with `password_hash_unverifiable` where that does not know its scheme.',
        params: Type.Object({ address: AddressText }),
        body: ref(CheckPassword),
        response: {
          200: response(PasswordChecked, 'The answer.'),
          ...problemsWithBody('address_invalid', 'password_invalid', 'mailbox_not_found', 'password_hash_unverifiable', 'hashing_busy'),
        },
      },
    },
    async (request, reply) => {
      const address = parseAddress(request.params.address)
      if (!address.ok) return sendRefusal(reply, address)
      const hashes = await directory.loadPasswordHashes(address.value)
      if (hashes === null && (await directory.getMailbox(address.value)) === null) {
        return sendProblem(reply, 'mailbox_not_found', 'Create it first: POST /v1/mailboxes.')
      }
      const verdict = await passwords.verify(request.body.password, hashes ?? NO_HASHES)
      if (!verdict.ok) return sendRefusal(reply, verdict)
      return reply.send({ matches: verdict.value })
    },
  )
}
