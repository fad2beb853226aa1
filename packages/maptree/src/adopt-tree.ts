import { differingShards } from './compare.js'
import { TreeError } from './fault.js'
import { makeFolder } from './files.js'
import { parseManifest, shardCountOf, type ShardDigest } from './manifest.js'
import { parseShard } from './shard.js'
import type { PinnedKey } from './signature.js'
import { dirMode, shardPlace, type TreeSpec } from './spec.js'
import { noStop, openStage, type AtTreeStep } from './stage.js'
import { checkShardBytes, type Tree } from './tree.js'

/**
 * Takes over a state that somebody else sealed: fetches the shards that differ from the tree at hand, verifies each, and commits them with
 * the signed manifest. `fetchShard` gives the bytes of one shard; what it gives is checked here.
 */
export async function adoptTree(
  spec: TreeSpec,
  current: Tree | null,
  manifestText: string,
  pinned: readonly PinnedKey[],
  fetchShard: (index: number, expected: ShardDigest) => Promise<Buffer>,
  at: AtTreeStep = noStop,
): Promise<Tree> {
  const manifest = parseManifest(manifestText, pinned, 'MANIFEST')
  const here = { ...spec, shardCount: shardCountOf(manifest) }
  if (manifest.map !== spec.map) {
    throw new TreeError({ code: 'manifest_of_another_map', file: 'MANIFEST', expected: spec.map, found: manifest.map })
  }
  await makeFolder(spec.dir, dirMode(spec))
  const stage = await openStage(here, at)
  for (const index of differingShards(current?.manifest ?? null, manifest)) {
    const expected = manifest.shards[index] as ShardDigest
    const place = shardPlace(here, index, here.shardCount)
    const bytes = await fetchShard(index, expected)
    checkShardBytes(bytes, expected, place.file)
    const entries = parseShard(bytes, place).length
    if (entries !== expected.entries) {
      throw new TreeError({ code: 'shard_entries', file: place.file, expected: `${expected.entries} entries`, found: `${entries}` })
    }
    await stage.putShard(index, bytes)
  }
  await stage.commit(manifestText, 'forget')
  return { spec: here, manifest, manifestText }
}
