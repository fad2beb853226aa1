import { STATES } from '@muster/domain'
import { Type, type Static } from 'typebox'
import { AddressText, CustomerId, RevisionField } from './fields.js'
import { mailboxFields, PasswordHash, placementFields } from './mailbox.js'
import { nullable, ref, resource, word } from './schema.js'

export const MAX_IMPORT_ITEMS = 1000

export const ImportItem = resource(
  'ImportItem',
  'A mailbox of another system. It brings a hash; a password in clear is not taken here, because hashing a thousand takes minutes.',
  {
    address: AddressText,
    passwordHash: Type.Optional(PasswordHash),
    ...placementFields,
    ...mailboxFields,
    state: Type.Optional(word(STATES, { description: 'The state to begin in; active when not given.', examples: ['active'] })),
  },
)
export type ImportItem = Static<typeof ImportItem>

export const ImportMailboxes = resource('ImportMailboxes', 'Mailboxes to create or bring up to date, all or none of them.', {
  customerId: CustomerId,
  dryRun: Type.Optional(
    Type.Boolean({ description: 'True: answer the verdicts and write nothing. False when not given.', examples: [true] }),
  ),
  items: Type.Array(ref(ImportItem), {
    minItems: 1,
    maxItems: MAX_IMPORT_ITEMS,
    description: `1 to ${MAX_IMPORT_ITEMS} mailboxes of this customer; their domains must be in the directory.`,
  }),
})
export type ImportMailboxes = Static<typeof ImportMailboxes>

const count = (what: string) => Type.Integer({ minimum: 0, description: `Number of items ${what}.`, examples: [1] })

export const ImportVerdict = resource('ImportVerdict', 'What becomes of one item.', {
  index: Type.Integer({ minimum: 0, description: 'Its place in `items`, from 0.', examples: [0] }),
  address: Type.String({
    description: 'The address as it is kept; as given where it is refused as invalid.',
    examples: ['tevie@example.net'],
  }),
  verdict: word(['created', 'updated', 'unchanged', 'refused'], {
    description: 'created, updated, unchanged or refused.',
    examples: ['created'],
  }),
  code: nullable(
    Type.String({ description: 'Why it is refused, one of the stable codes of problems; null otherwise.', examples: ['domain_not_found'] }),
  ),
  detail: nullable(Type.String({ description: 'The same in a sentence; null otherwise.', examples: ['Put the domain first.'] })),
})
export type ImportVerdict = Static<typeof ImportVerdict>

export const ImportAnswer = resource('ImportAnswer', 'The verdict on each item of an import.', {
  dryRun: Type.Boolean({ description: 'Whether this was only a trial.', examples: [true] }),
  applied: Type.Boolean({
    description: 'True when the items are written. False for a dry run, and when any item is refused: then none of them is written.',
    examples: [false],
  }),
  revision: nullable(RevisionField),
  created: count('created'),
  updated: count('updated'),
  unchanged: count('that were as asked already'),
  refused: count('refused'),
  items: Type.Array(ref(ImportVerdict), { description: 'One verdict an item, in the order of the request.' }),
})
export type ImportAnswer = Static<typeof ImportAnswer>
