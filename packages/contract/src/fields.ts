import { CUSTOMER_ID, HOST_NAME, MAILSTORE_NAME, STATES } from '@muster/domain'
import { Type, type TSchemaOptions } from 'typebox'
import { nullable, word } from './schema.js'

/** Fields that mean the same wherever they stand: each made once, with its unit and an example. */

/** The largest integer that JSON readers in every language keep exact: 2^53 - 1. */
const MAX_INTEGER = Number.MAX_SAFE_INTEGER

/** One line of text as a database and a log line can hold it: no control character, no half of a surrogate pair. */
export const LINE_OF_TEXT = '^[^\\p{Cc}\\p{Cs}]*$'

export const CustomerId = Type.String({
  pattern: CUSTOMER_ID.source,
  description: "The billing system's own key of the customer: 1 to 64 letters, digits, `.`, `_` and `-`; case counts.",
  examples: ['C-1001'],
})

/** Checked by the directory's own parser, which knows IDNA: the answer to a bad one is `domain_name_invalid`. */
export const DomainText = Type.String({
  maxLength: 1024,
  description: 'A mail domain, in U-labels or A-labels; it is kept in A-labels and lower case.',
  examples: ['example.net'],
})

/** Checked by the directory's own parser: the answer to a bad one is `address_invalid`. */
export const AddressText = Type.String({
  maxLength: 1024,
  description: '`localpart@domain`; kept in lower case, its domain in A-labels.',
  examples: ['tevie@example.net'],
})

export const MailstoreName = Type.String({
  pattern: MAILSTORE_NAME.source,
  description: 'Name of a mailstore: 1 to 32 of a-z, 0-9 and `-`, beginning with a letter. It never changes.',
  examples: ['ms1'],
})

export const HostNameField = Type.String({
  pattern: HOST_NAME.source,
  description: 'Name of a machine of the cluster: 1 to 63 of a-z, 0-9, `.` and `-`. It never changes.',
  examples: ['pop1'],
})

export const MapNameField = Type.String({
  pattern: '^[a-z][a-z-]{0,31}(?:@[a-z][a-z0-9-]{0,31})?$',
  description: 'Name of a map: its kind, and `@mailstore` where it is limited to one.',
  examples: ['userdb@ms1'],
})

export const CursorField = Type.String({
  pattern: '^[1-9]\\d{0,8}-(?:0|[1-9]\\d{0,14})-[0-9a-f]{16}$',
  description: "A place in the directory's history: LINEAGE-REVISION-NONCE.",
  examples: ['1-7-9f3ca1b2c3d4e5f6'],
})

export const RevisionField = Type.Integer({
  minimum: 0,
  maximum: MAX_INTEGER,
  description: 'The number of the committed change that last touched this; ask `GET /v1/revisions/{revision}` which hosts have it.',
  examples: [7],
})

export const StateField = word(STATES, {
  description: 'Its own state. suspended: nobody logs in, mail is still accepted. closed: neither.',
  examples: ['active'],
})

export const StatusField = word(STATES, {
  description: 'What holds in the end: the strongest of its own state and those of what it belongs to.',
  examples: ['active'],
})

export const AffectedMailboxes = Type.Integer({
  minimum: 0,
  description: 'Number of mailboxes whose `status` became another by this change.',
  examples: [1],
})

const instant = (description: string, example: string) => Type.String({ format: 'date-time', description, examples: [example] })
export const CreatedAt = instant('When it was created (RFC 3339, UTC).', '2026-11-22T13:00:00.000Z')
export const UpdatedAt = instant('When it last changed (RFC 3339, UTC).', '2026-11-22T13:00:00.000Z')
export const instantField = instant

/** A length in bytes or a number of things that may be unlimited. Never 0, which mail daemons read as "unlimited" or "none" as they like. */
export function limitField(description: string, example: number) {
  return nullable(
    Type.Integer({
      minimum: 1,
      maximum: MAX_INTEGER,
      description: `${description} null is unlimited; 0 is refused, because daemons differ on what it means.`,
      examples: [example],
    }),
  )
}

export const QuotaBytes = limitField('Most bytes the mailbox may hold.', 1_000_000_000)
export const QuotaMessages = limitField('Most messages the mailbox may hold.', 100_000)

const owner = (description: string, example: number): TSchemaOptions => ({
  minimum: 1,
  maximum: 2_147_483_647,
  description,
  examples: [example],
})
export const Uid = Type.Integer(owner('Numeric user id that owns the Maildir; never 0 (root).', 5000))
export const Gid = Type.Integer(owner('Numeric group id that owns the Maildir; never 0 (root).', 5000))

/** Checked by the directory's own parser: the answer to a bad one is `path_invalid`. */
export const storePath = (description: string, example: string) => Type.String({ maxLength: 512, description, examples: [example] })
