import { join } from 'node:path'
import { mapName, type MapRef } from '@muster/domain'
import type { MapKind } from '@muster/maps'
import { DEFAULT_SHARD_COUNT, shardName, type ShardCount, type ShardPlace } from './shard.js'

/** Which map a folder holds and how its lines are read. */
export interface TreeSpec {
  /** The folder of the map: MANIFEST, shards/ and, at the publisher, snapshots/ and deltas/. */
  readonly dir: string
  /** `userdb@ms1`. */
  readonly map: string
  readonly keyOfLine: (line: string) => string
  /** Lines hold password hashes: then only the owner may look (makeuserdb refuses a folder that others may read). */
  readonly secret: boolean
  readonly shardCount: ShardCount
}

/** The tree of a map below `folder`, such as a publish folder or an agent's `trees`. */
export function treeSpec(
  folder: string,
  ref: MapRef,
  kind: Pick<MapKind<unknown>, 'keyOfLine' | 'secret'>,
  shardCount: ShardCount = DEFAULT_SHARD_COUNT,
): TreeSpec {
  const map = mapName(ref)
  return { dir: join(folder, map), map, keyOfLine: (line) => kind.keyOfLine(line), secret: kind.secret, shardCount }
}

export function manifestFile(spec: Pick<TreeSpec, 'dir'>): string {
  return join(spec.dir, 'MANIFEST')
}

export function shardFile(spec: Pick<TreeSpec, 'dir'>, index: number, shardCount: ShardCount): string {
  return join(spec.dir, 'shards', shardName(index, shardCount))
}

export function shardPlace(spec: TreeSpec, index: number, shardCount: ShardCount): ShardPlace {
  return { file: shardFile(spec, index, shardCount), index, shardCount, keyOfLine: spec.keyOfLine }
}

export function dirMode(spec: Pick<TreeSpec, 'secret'>): number {
  return spec.secret ? 0o700 : 0o750
}

export function fileMode(spec: Pick<TreeSpec, 'secret'>): number {
  return spec.secret ? 0o600 : 0o640
}
