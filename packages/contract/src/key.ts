import { KEY_ROLES } from '@muster/domain'
import { Type, type Static } from 'typebox'
import { CreatedAt, HostNameField, instantField, LINE_OF_TEXT, RevisionField } from './fields.js'
import { nullable, page, resource, word } from './schema.js'

export const KeyId = Type.String({
  pattern: '^[a-z0-9]{12}$',
  description: 'The public part of the key: 12 of a-z and 0-9.',
  examples: ['k3yd0fb1ll1n'],
})
const name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: LINE_OF_TEXT,
  description: 'Who uses the key, for people.',
  examples: ['billing'],
})
const role = word(KEY_ROLES, {
  description: 'admin does everything; auditor reads everything but secrets; host reads its own maps and sends its own reports.',
  examples: ['admin'],
})
const host = nullable(HostNameField)
const expiresAt = nullable(instantField('When the key stops working (RFC 3339, UTC); null for never.', '2099-12-31T23:59:59.000Z'))

const properties = { keyId: KeyId, name, role, host, expiresAt, createdAt: CreatedAt }

export const Key = resource('Key', 'An API key without its secret.', properties)
export type Key = Static<typeof Key>

export const KeyWithSecret = resource('KeyWithSecret', 'A new API key with its secret, which is shown this once.', {
  ...properties,
  token: Type.String({
    description: 'What to send as `Authorization: Bearer ...`. Only its hash is kept: write it down now.',
    examples: ['mk_k3yd0fb1ll1n_4wq1w1Zq0m8b7uXfS6yVt2c9nKp5hJdLrEaGoTxUiYs'],
  }),
  revision: RevisionField,
})
export type KeyWithSecret = Static<typeof KeyWithSecret>

export const CreateKey = resource('CreateKey', 'A new API key.', {
  name,
  role,
  host: Type.Optional(host),
  expiresAt: Type.Optional(expiresAt),
})
export type CreateKey = Static<typeof CreateKey>

export const KeyPage = page('KeyPage', Key, 'k3yd0fb1ll1n')
export type KeyPage = Static<typeof KeyPage>
