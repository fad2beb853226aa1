import { ALL_MAILSTORES, MAILSTORE_NAME, MAP_KINDS, ROLES } from '@muster/domain'
import { Type, type Static } from 'typebox'
import { CreatedAt, HostNameField, MailstoreName, MapNameField, RevisionField, UpdatedAt } from './fields.js'
import { HostReport } from './report.js'
import { nullable, page, ref, resource, word } from './schema.js'

const roles = Type.Array(word(ROLES, { description: 'What the machine does.', examples: ['proxy'] }), {
  uniqueItems: true,
  description: 'What the machine does; it decides which maps it may read.',
  examples: [['proxy']],
})
const mailstores = Type.Array(
  Type.String({
    pattern: `^(?:\\${ALL_MAILSTORES}|${MAILSTORE_NAME.source.slice(1, -1)})$`,
    description: 'Name of a mailstore, or `*` for all.',
    examples: ['ms1'],
  }),
  {
    uniqueItems: true,
    maxItems: 1000,
    description: 'The mailstores this host serves, `["*"]` for all. Needed with the role mailstore, and empty without it.',
    examples: [['ms1']],
  },
)

const properties = {
  name: HostNameField,
  roles,
  mailstores,
  createdAt: CreatedAt,
  updatedAt: UpdatedAt,
  revision: RevisionField,
}

export const Host = resource('Host', 'A machine of the cluster.', properties)
export type Host = Static<typeof Host>

export const HostMap = resource('HostMap', 'A map this host is given by its roles.', {
  map: MapNameField,
  kind: word(MAP_KINDS, { description: 'What the map is for.', examples: ['userdb'] }),
  mailstore: nullable(MailstoreName),
})
export type HostMap = Static<typeof HostMap>

export const HostMaps = resource('HostMaps', 'The maps a host may read.', {
  items: Type.Array(ref(HostMap), { description: 'All of them; there are no pages.' }),
})
export type HostMaps = Static<typeof HostMaps>

export const HostDetail = resource('HostDetail', 'A host with its maps and what its agent last reported of each.', {
  ...properties,
  maps: Type.Array(ref(HostMap), { description: 'The maps it may read, by its roles.' }),
  reports: Type.Array(ref(HostReport), { description: 'The latest report of each map; empty until its agent has reported.' }),
})
export type HostDetail = Static<typeof HostDetail>

export const PutHost = resource('PutHost', 'What a machine is for.', { roles, mailstores: Type.Optional(mailstores) })
export type PutHost = Static<typeof PutHost>

export const PatchHost = Type.Object(
  { roles: Type.Optional(roles), mailstores: Type.Optional(mailstores) },
  { $id: 'PatchHost', description: 'What to change of a host.', additionalProperties: false, minProperties: 1 },
)
export type PatchHost = Static<typeof PatchHost>

export const HostPage = page('HostPage', Host, 'pop1')
export type HostPage = Static<typeof HostPage>
