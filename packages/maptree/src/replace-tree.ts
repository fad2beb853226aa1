import type { Entry } from '@muster/maps'
import { TreeError } from './fault.js'
import { inParallel, makeFolder, readFileIfAny } from './files.js'
import { makeManifest, renderManifest, rootOf, shardCountOf, type ShardDigest } from './manifest.js'
import { digestOf, stagedDelta, type Resealed, type Seal } from './seal.js'
import { diffShard, renderShard, type KeyChange } from './shard.js'
import { dirMode, shardFile, type TreeSpec } from './spec.js'
import { noStop, openStage, type Stage } from './stage.js'
import { readShard, type Tree } from './tree.js'

/** A whole new state, one shard after another with its entries in key order; those not given are empty. */
export type SortedShards = AsyncIterable<SortedShard>
export interface SortedShard {
  readonly index: number
  readonly entries: readonly Entry[]
}

export interface Replacing extends Seal {
  /** Take the new cursor even where the content is what it was: the first state of a new lineage. */
  readonly restamp?: boolean
}

/**
 * Replaces the tree by a whole render. A shard whose bytes are already there isn't written, so a render that changes nothing changes no
 * file; one that is there but damaged is written again. Memory is bounded by a few shards and `deltaLimit` changes.
 */
export async function replaceTree(spec: TreeSpec, current: Tree | null, content: SortedShards, seal: Replacing): Promise<Resealed> {
  await makeFolder(spec.dir, dirMode(spec))
  const stage = await openStage(spec, seal.at ?? noStop)
  const delta = collectDelta(spec, current, seal.deltaLimit)
  const { shards, written } = await stageShards(spec, content, stage, delta)
  const same = current !== null && seal.restamp !== true && current.manifest.root === rootOf(shards)
  const manifest = makeManifest(spec.map, same ? current.manifest.cursor : seal.cursor, shards)
  const tree = { spec, manifest, manifestText: renderManifest(manifest, seal.key) }
  if (same && written === 0 && tree.manifestText === current.manifestText) {
    await stage.abandon()
    return { tree, changed: false }
  }
  const step = same ? 'keep' : stagedDelta(current?.manifest ?? null, manifest, delta.changes(), seal.deltaLimit)
  await stage.commit(tree.manifestText, step)
  return { tree, changed: !same }
}

async function stageShards(
  spec: TreeSpec,
  content: SortedShards,
  stage: Stage,
  delta: DeltaCollector,
): Promise<{ shards: ShardDigest[]; written: number }> {
  const shards: ShardDigest[] = []
  let written = 0
  const take = async ({ index, entries }: SortedShard): Promise<void> => {
    const bytes = renderShard(entries)
    const digest = digestOf(bytes, entries.length)
    shards[index] = digest
    await delta.add(index, digest, entries)
    if ((await readFileIfAny(shardFile(spec, index, spec.shardCount)))?.equals(bytes)) return
    await stage.putShard(index, bytes)
    written++
  }
  for await (const some of inBatches(content)) await inParallel(some, take)
  const empty = Array.from({ length: spec.shardCount }, (_, index) => ({ index, entries: [] }))
  await inParallel(
    empty.filter(({ index }) => shards[index] === undefined),
    take,
  )
  return { shards, written }
}

/** Enough at once to keep the disk busy, few enough to keep in memory. */
async function* inBatches(content: SortedShards): AsyncGenerator<SortedShard[]> {
  let batch: SortedShard[] = []
  for await (const shard of content) {
    if (batch.push(shard) < 16) continue
    yield batch
    batch = []
  }
  yield batch
}

/** Collects what a whole render changes, until that is more than a delta is good for. */
interface DeltaCollector {
  add(index: number, digest: ShardDigest, entries: readonly Entry[]): Promise<void>
  /** Null when there is no tree before, or too much changed. */
  changes(): readonly KeyChange[] | null
}

function collectDelta(spec: TreeSpec, current: Tree | null, limit: number): DeltaCollector {
  const collected: KeyChange[] = []
  let isWorthIt = current !== null && shardCountOf(current.manifest) === spec.shardCount
  return {
    add: async (index, digest, entries) => {
      if (!isWorthIt || current === null || current.manifest.shards[index]?.sha256 === digest.sha256) return
      const before = await readShardIfSound(current, index)
      for (const change of diffShard(before ?? [], entries)) collected.push(change)
      isWorthIt &&= before !== null && collected.length <= limit
    },
    changes: () => (isWorthIt ? collected : null),
  }
}

/** A damaged shard is about to be replaced: all it costs is the delta. */
async function readShardIfSound(tree: Tree, index: number): Promise<Entry[] | null> {
  try {
    return await readShard(tree, index)
  } catch (error) {
    if (error instanceof TreeError) return null
    throw error
  }
}
