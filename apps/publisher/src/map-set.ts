import { ALL_MAILSTORES, mapName, parseMapName, planHostMaps, ROLES, type MapRef } from '@muster/domain'
import { mapKinds, type MapKind } from '@muster/maps'
import { treeSpec, type TreeSpec } from '@muster/maptree'

/** One map that is published: which rows it takes, how they are written, and where its tree is. */
export interface PublishedMap {
  readonly name: string
  readonly ref: MapRef
  readonly kind: MapKind<unknown>
  readonly spec: TreeSpec
}

/** Every map that some host could be given: those of a host that serves all mailstores, and those of one for each mailstore. By name. */
export function planMapSet(mailstores: readonly string[]): MapRef[] {
  const refs = [...planHostMaps({ roles: ROLES, mailstores: [ALL_MAILSTORES] }), ...planHostMaps({ roles: ROLES, mailstores })]
  const byName = new Map(refs.map((ref) => [mapName(ref), ref]))
  return [...byName.keys()].sort().map((name) => byName.get(name) as MapRef)
}

export function publishedMap(publishDir: string, ref: MapRef): PublishedMap {
  const kind = mapKinds[ref.kind]
  return { name: mapName(ref), ref, kind, spec: treeSpec(publishDir, ref, kind) }
}

/** Null when there is no such map, so that a name from outside never becomes a path. */
export function parsePublishedMap(publishDir: string, name: string): PublishedMap | null {
  const ref = parseMapName(name)
  return ref === null || mapName(ref) !== name || !/^[a-z0-9@-]+$/.test(name) ? null : publishedMap(publishDir, ref)
}
