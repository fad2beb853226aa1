import { MAILSTORE_STATES } from '@muster/domain'
import { Type, type Static } from 'typebox'
import { CreatedAt, Gid, MailstoreName, RevisionField, storePath, Uid, UpdatedAt } from './fields.js'
import { nullable, page, resource, word } from './schema.js'

const host = Type.String({
  pattern: '^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
  description: 'Host name or IPv4 address that proxies connect to.',
  examples: ['127.0.0.11'],
})
const port = nullable(
  Type.Integer({
    minimum: 1,
    maximum: 65_535,
    description: 'TCP port that proxies connect to; null leaves it to the protocol (110, 143, ...).',
    examples: [1110],
  }),
)
const root = storePath('Absolute path under which homes lie; no trailing slash.', '/mail1')
const state = word(MAILSTORE_STATES, {
  description: 'open takes new mailboxes; draining and offline take none but are still routed to; retired holds none.',
  examples: ['open'],
})

export const Mailstore = resource('Mailstore', 'Where Maildirs live: an NFS export mounted on the hosts, or a server behind proxies.', {
  name: MailstoreName,
  host,
  port,
  root,
  uid: Uid,
  gid: Gid,
  state,
  mailboxes: Type.Integer({ minimum: 0, description: 'Number of mailboxes it holds now.', examples: [12] }),
  createdAt: CreatedAt,
  updatedAt: UpdatedAt,
  revision: RevisionField,
})
export type Mailstore = Static<typeof Mailstore>

export const PutMailstore = resource(
  'PutMailstore',
  'A mailstore. What is left out stays as it is; on a new one it is: no port, uid and gid 5000, open.',
  {
    host,
    root,
    port: Type.Optional(port),
    uid: Type.Optional(Uid),
    gid: Type.Optional(Gid),
    state: Type.Optional(state),
  },
)
export type PutMailstore = Static<typeof PutMailstore>

export const PatchMailstore = Type.Object(
  {
    host: Type.Optional(host),
    port: Type.Optional(port),
    root: Type.Optional(root),
    uid: Type.Optional(Uid),
    gid: Type.Optional(Gid),
    state: Type.Optional(state),
  },
  { $id: 'PatchMailstore', description: 'What to change of a mailstore.', additionalProperties: false, minProperties: 1 },
)
export type PatchMailstore = Static<typeof PatchMailstore>

export const MailstorePage = page('MailstorePage', Mailstore, 'ms1')
export type MailstorePage = Static<typeof MailstorePage>
