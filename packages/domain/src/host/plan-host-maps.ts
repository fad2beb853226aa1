import { MAILSTORE_NAME } from '../mailstore/types.js'
import { ALL_MAILSTORES, type Host } from './types.js'

/** A map a host is given: its kind, and the mailstore it is limited to (null for all). `name` is how trees, URLs and reports call it. */
export interface MapRef {
  readonly kind: MapKindName
  readonly mailstore: string | null
}

export const MAP_KINDS = ['userdb', 'popmap', 'dovecot-passwd'] as const
export type MapKindName = (typeof MAP_KINDS)[number]

/** `popmap`, or `userdb@ms1` for the part of one mailstore. */
export function mapName(ref: MapRef): string {
  return ref.mailstore === null ? ref.kind : `${ref.kind}@${ref.mailstore}`
}

/** A map's name becomes a folder: what this lets through is one plain file name. */
export function parseMapName(name: string): MapRef | null {
  const [kind, mailstore, more] = name.split('@')
  const known = MAP_KINDS.find((k) => k === kind)
  if (known === undefined || more !== undefined) return null
  if (mailstore === undefined) return { kind: known, mailstore: null }
  return MAILSTORE_NAME.test(mailstore) ? { kind: known, mailstore } : null
}

/**
 * Which maps a host's roles need, and so which it may read: the only place that decides it. A proxy routes and never sees a hash; a
 * mailstore sees the hashes of its own mailboxes.
 */
export function planHostMaps(host: Pick<Host, 'roles' | 'mailstores'>): MapRef[] {
  const maps: MapRef[] = []
  if (host.roles.includes('proxy') || host.roles.includes('webmail')) maps.push({ kind: 'popmap', mailstore: null })
  if (host.roles.includes('mailstore')) {
    const scopes = host.mailstores.includes(ALL_MAILSTORES) ? [null] : [...new Set(host.mailstores)].sort()
    for (const mailstore of scopes) maps.push({ kind: 'userdb', mailstore }, { kind: 'dovecot-passwd', mailstore })
  }
  return maps
}
