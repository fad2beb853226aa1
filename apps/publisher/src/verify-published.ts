import { join } from 'node:path'
import { parseMapName, renderCursor, type Cursor } from '@muster/domain'
import {
  differingShards,
  digestOf,
  makeManifest,
  renderShard,
  verifyTree,
  type Manifest,
  type ShardDigest,
  type SigningKey,
  type Spill,
  type TreeFault,
} from '@muster/maptree'
import type { FeedSnapshot } from '@muster/store'
import { publishedMap } from './map-set.js'
import { SCRATCH } from './published-folder.js'
import { renderWhole } from './render-whole.js'

export interface MapVerdict {
  readonly map: string
  readonly entries: number
  /** Number of shards whose content is not what the directory says. */
  readonly differingShards: number
  /** What on disk is not as the manifest says. */
  readonly faults: readonly TreeFault[]
}

export interface Verification {
  /** Where the directory and the trees were compared. */
  readonly cursor: string
  readonly sound: boolean
  readonly maps: readonly MapVerdict[]
}

/** Renders every map anew from a snapshot and compares it with the manifests that were published at that snapshot. Writes scratch files only. */
export async function compareWithDirectory(
  publishDir: string,
  snapshot: Pick<FeedSnapshot, 'allMailboxRows'>,
  manifests: readonly Manifest[],
  stopping: AbortSignal,
): Promise<Map<string, number>> {
  const maps = manifests.flatMap((manifest) => {
    const ref = parseMapName(manifest.map)
    return ref === null ? [] : [publishedMap(publishDir, ref)]
  })
  const byName = new Map(manifests.map((manifest) => [manifest.map, manifest]))
  const differing = new Map<string, number>()
  await renderWhole(maps, snapshot, join(publishDir, SCRATCH, 'verify'), stopping, async (map, rendered) => {
    const published = byName.get(map.name) as Manifest
    const fresh = makeManifest(map.name, published.cursor, await digestsOf(rendered))
    differing.set(map.name, differingShards(published, fresh).length)
  })
  return differing
}

async function digestsOf(rendered: Spill): Promise<ShardDigest[]> {
  const digests: ShardDigest[] = []
  for await (const { entries } of rendered.shards()) digests.push(digestOf(renderShard(entries), entries.length))
  return digests
}

/** What of one map's files is not as its manifest says. The tree must not change meanwhile. */
export async function verifyMapFiles(publishDir: string, name: string, key: SigningKey): Promise<TreeFault[]> {
  const ref = parseMapName(name)
  return ref === null ? [] : verifyTree(publishedMap(publishDir, ref).spec, [key])
}

export function verdictOf(cursor: Cursor, maps: readonly MapVerdict[]): Verification {
  const sound = maps.every((map) => map.differingShards === 0 && map.faults.length === 0)
  return { cursor: renderCursor(cursor), sound, maps }
}
