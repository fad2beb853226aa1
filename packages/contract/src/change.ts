import { Type, type Static } from 'typebox'
import { CursorField, CustomerId, instantField, RevisionField } from './fields.js'
import { nullable, ref, resource, word } from './schema.js'

const row = (description: string, example: Record<string, unknown>) =>
  Type.Unsafe<Record<string, unknown> | null>({ type: ['object', 'null'], additionalProperties: true, description, examples: [example] })

export const Change = resource('Change', 'One committed change of one thing. It never holds a password or a hash.', {
  id: Type.Integer({ minimum: 0, description: 'Number of the row in the log; not in commit order, revisions are.', examples: [12] }),
  revision: RevisionField,
  at: instantField('When it was committed (RFC 3339, UTC).', '2026-11-22T13:00:00.000Z'),
  kind: word(['customer', 'domain', 'mailbox', 'mailstore', 'host', 'key', 'lineage'], {
    description: 'What was changed.',
    examples: ['mailbox'],
  }),
  key: Type.String({ description: 'Which one: customerId, domain, address, name or keyId.', examples: ['tevie@example.net'] }),
  action: word(['create', 'update', 'delete', 'suspend', 'resume', 'close', 'affected'], {
    description: 'What happened; affected: its `status` follows a change of its customer or domain.',
    examples: ['create'],
  }),
  customerId: nullable(CustomerId),
  actor: Type.String({ description: 'The keyId that asked for it.', examples: ['k3yd0fb1ll1n'] }),
  requestId: Type.String({ description: 'The request that asked for it, as in `X-Request-Id`.', examples: ['req-4711'] }),
  before: row('The row before, without secrets; null for a new one.', { quotaBytes: null }),
  after: row('The row after, without secrets; null for a deleted one.', { quotaBytes: 1_000_000_000 }),
})
export type Change = Static<typeof Change>

export const ChangePage = resource('ChangePage', 'Changes in commit order; the changes of one revision are never parted.', {
  items: Type.Array(ref(Change), { description: 'In commit order.' }),
  next: nullable(
    Type.Integer({ minimum: 0, description: 'Give this as `after` to read on; null when there is no more now.', examples: [7] }),
  ),
  head: CursorField,
})
export type ChangePage = Static<typeof ChangePage>
