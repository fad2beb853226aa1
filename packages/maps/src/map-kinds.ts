import type { MapKindName } from '@muster/domain'
import { dovecotPasswd } from './dovecot-passwd.js'
import type { MapKind } from './map-kind.js'
import { popmap } from './popmap.js'
import { userdb } from './userdb.js'

/** Every kind by its name; one that is named in the domain and not written here does not compile. */
export const mapKinds = {
  userdb,
  popmap,
  'dovecot-passwd': dovecotPasswd,
} as const satisfies Record<MapKindName, MapKind<unknown>>
