import { SERVICES } from '@muster/domain'
import { Type, type Static } from 'typebox'
import {
  AddressText,
  AffectedMailboxes,
  CreatedAt,
  CustomerId,
  Gid,
  MailstoreName,
  QuotaBytes,
  QuotaMessages,
  RevisionField,
  StateField,
  StatusField,
  storePath,
  Uid,
  UpdatedAt,
} from './fields.js'
import { nullable, page, resource, word } from './schema.js'

const services = Type.Array(word(SERVICES, { description: 'A service to log in to; smtp is submission.', examples: ['imap'] }), {
  uniqueItems: true,
  description: 'What its owner may log in to; empty: nothing, the mailbox only receives. When not given on creation: all of them.',
  examples: [['imap', 'pop3', 'smtp']],
})

/** No control character, and none of those that part the fields of a passwd-like file. */
const name = nullable(
  Type.String({
    minLength: 1,
    maxLength: 128,
    pattern: '^[^\\p{Cc}\\p{Cs}:|]*$',
    description: "The owner's name as passwd files carry it (gecos), without `:` and `|`; null for none.",
    examples: ['Tevie Moriarty'],
  }),
)

const home = storePath("Absolute path of the home; it lies below its mailstore's root.", '/mail1/12/34/tevie@example.net')
const maildir = storePath('Absolute path of the Maildir: the home itself, or below it.', '/mail1/12/34/tevie@example.net/Maildir')

const properties = {
  mailboxId: Type.String({ description: 'Never changes and is never used again.', examples: ['0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b'] }),
  address: Type.String({ description: 'In lower case, the domain in A-labels.', examples: ['tevie@example.net'] }),
  customerId: CustomerId,
  domain: Type.String({ description: 'The domain of the address, in A-labels.', examples: ['example.net'] }),
  mailstore: MailstoreName,
  home,
  maildir,
  uid: Uid,
  gid: Gid,
  quotaBytes: QuotaBytes,
  quotaMessages: QuotaMessages,
  services,
  name,
  hasPassword: Type.Boolean({ description: 'False: no password is set, and nobody can log in.', examples: [true] }),
  state: StateField,
  status: StatusField,
  createdAt: CreatedAt,
  updatedAt: UpdatedAt,
  revision: RevisionField,
}

export const Mailbox = resource('Mailbox', 'An account that receives mail at one address and lives on one mailstore.', properties)
export type Mailbox = Static<typeof Mailbox>

export const MailboxStateChanged = resource('MailboxStateChanged', 'A mailbox after suspend, resume or close.', {
  ...properties,
  affectedMailboxes: AffectedMailboxes,
})
export type MailboxStateChanged = Static<typeof MailboxStateChanged>

/** Length and NUL are checked by the directory's own parser: the answer to a bad one is `password_invalid`. */
const password = Type.String({
  format: 'password',
  writeOnly: true,
  description: 'In clear, 1 to 72 bytes of UTF-8 without NUL. Hashed at once and never kept, logged or shown.',
  examples: ['correct horse battery staple'],
})

export const PasswordHash = Type.String({
  maxLength: 512,
  writeOnly: true,
  description: 'An imported hash instead of a password: `$argon2id$`, `$y$`, `$2b$` (`$2a$`, `$2y$`), `$6$`, `$5$` or `$1$`.',
  examples: ['$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp/9vKzw3KHdj6YH4L/jTT3ph84uzXzCQcGds4wKcC0JIV3wrS1hxLr.'],
})

const optionalFields = {
  quotaBytes: Type.Optional(QuotaBytes),
  quotaMessages: Type.Optional(QuotaMessages),
  services: Type.Optional(services),
  name: Type.Optional(name),
  uid: Type.Optional(Uid),
  gid: Type.Optional(Gid),
}

/** Where a mailbox shall lie; each left out is chosen by the directory. */
export const placementFields = {
  mailstore: Type.Optional(MailstoreName),
  home: Type.Optional(home),
  maildir: Type.Optional(maildir),
}

export const mailboxFields = optionalFields

export const CreateMailbox = resource(
  'CreateMailbox',
  'A new mailbox. Give `password` or `passwordHash`, or neither: then nobody can log in yet.',
  {
    address: AddressText,
    password: Type.Optional(password),
    passwordHash: Type.Optional(PasswordHash),
    ...placementFields,
    ...optionalFields,
  },
)
export type CreateMailbox = Static<typeof CreateMailbox>

export const PatchMailbox = Type.Object(
  { password: Type.Optional(password), passwordHash: Type.Optional(PasswordHash), ...optionalFields },
  {
    $id: 'PatchMailbox',
    description:
      'What to change of a mailbox; what is left out stays. Its mailstore changes only by a move, its state by suspend, resume, close.',
    additionalProperties: false,
    minProperties: 1,
  },
)
export type PatchMailbox = Static<typeof PatchMailbox>

export const MailboxPage = page('MailboxPage', Mailbox, 'tevie@example.net')
export type MailboxPage = Static<typeof MailboxPage>

export const CheckPassword = resource('CheckPassword', 'A password to compare with the one that is set.', { password })
export type CheckPassword = Static<typeof CheckPassword>

export const PasswordChecked = resource('PasswordChecked', 'Whether a password is the one that is set.', {
  matches: Type.Boolean({
    description: 'True when it is. Says nothing of the state: a suspended mailbox still cannot log in.',
    examples: [true],
  }),
})
export type PasswordChecked = Static<typeof PasswordChecked>
