import { ImportAnswer, ImportMailboxes, ref, type ImportVerdict } from '@muster/contract'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { announce, response } from '../answers.js'
import { ACCESS, actorOf } from '../auth.js'
import { IMPORT_BODY_LIMIT_BYTES } from '../config.js'
import type { RouteContext } from '../context.js'
import { parseImportItems } from '../import-items.js'
import { problemsWithBody, sendRefusal } from '../problems.js'

export const importMailboxes: FastifyPluginAsyncTypebox<RouteContext> = async (app, context) => {
  app.post(
    '/v1/imports',
    {
      config: { access: ACCESS.write },
      bodyLimit: IMPORT_BODY_LIMIT_BYTES,
      schema: {
        operationId: 'importMailboxes',
        tags: ['Imports'],
        summary: 'Import up to a thousand mailboxes with their hashes',
        description:
          'All or none, in one revision: when any item is refused nothing is written, and every verdict is answered at once. A mailbox that is ' +
          'already as asked is left alone, so the same import can be sent again. Repeat it with the next thousand for a larger site.',
        body: ref(ImportMailboxes),
        response: {
          200: response(ImportAnswer, 'The verdict on each item; see `applied`.', {
            'Muster-Revision': { type: 'integer', description: 'The revision that holds the import; absent when nothing was written.' },
          }),
          ...problemsWithBody('customer_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { customerId, dryRun = false, items } = request.body
      const { sound, refused } = parseImportItems(items)
      // With a faulty item nothing is written; the others are still judged, so that all faults are told together.
      const options = { dryRun: dryRun || refused.length > 0, customerId }
      const outcome = await context.directory.importMailboxes(
        sound.map(({ request: item }) => ({ request: item })),
        options,
        actorOf(request),
      )
      if (!outcome.ok) return sendRefusal(reply, outcome)
      const { verdicts, revision, applied } = outcome.value
      if (revision !== null) announce(context, reply, { revision, changed: true })
      const judged = verdicts.map((verdict, i): ImportVerdict => ({ code: null, detail: null, ...verdict, index: sound[i]?.index ?? -1 }))
      const all = [...judged, ...refused].sort((a, b) => a.index - b.index)
      const count = (word: ImportVerdict['verdict']) => all.filter(({ verdict }) => verdict === word).length
      const counts = { created: count('created'), updated: count('updated'), unchanged: count('unchanged'), refused: count('refused') }
      return reply.send({ dryRun, applied: applied && refused.length === 0, revision, ...counts, items: all })
    },
  )
}
