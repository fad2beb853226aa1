import { compareKeys } from '@muster/maps'
import { deltaFileName, type Delta } from './delta.js'
import { TreeError } from './fault.js'
import { inParallel } from './files.js'
import { makeManifest, parseManifest, renderManifest, shardCountOf, type ShardDigest } from './manifest.js'
import { digestOf, stagedDelta, type Resealed, type Seal } from './seal.js'
import { isLine, patchShard, renderShard, shardOf, type KeyChange, type ShardCount } from './shard.js'
import type { PinnedKey } from './signature.js'
import { noStop, openStage, type AtTreeStep, type Stage } from './stage.js'
import { readShard, type Tree } from './tree.js'

/**
 * Applies changes (a line, or null to remove) and seals the tree at a cursor. Costs the shards touched: each is read, verified, merged and
 * written aside; the others aren't opened. Where nothing differs in the end the disk isn't touched and the cursor stays.
 */
export async function patchTree(tree: Tree, changes: ReadonlyMap<string, string | null>, seal: Seal): Promise<Resealed> {
  const at = seal.at ?? noStop
  const patched = await patchShards(tree, changes, at)
  if (patched.stage === null) return { tree, changed: false }
  const manifest = makeManifest(tree.spec.map, seal.cursor, patched.shards)
  const manifestText = renderManifest(manifest, seal.key)
  await patched.stage.commit(manifestText, stagedDelta(tree.manifest, manifest, patched.effective, seal.deltaLimit))
  return { tree: { spec: tree.spec, manifest, manifestText }, changed: true }
}

/**
 * Applies a delta to a copy of the tree, such as an agent's: it must begin at the tree's cursor and end at the root that the signed manifest
 * of its end names. Throws a TreeError before anything of the tree is replaced.
 */
export async function applyDelta(
  tree: Tree,
  delta: Delta,
  manifestText: string,
  pinned: readonly PinnedKey[],
  at: AtTreeStep = noStop,
): Promise<Tree> {
  const { spec } = tree
  const file = deltaFileName(delta.from, delta.to)
  const manifest = parseManifest(manifestText, pinned, `MANIFEST of ${file}`)
  const expected = `${spec.map} ${deltaFileName(tree.manifest.cursor, manifest.cursor)}`
  const found = `${delta.map} ${file}`
  if (found !== expected || manifest.map !== spec.map) throw new TreeError({ code: 'delta_out_of_place', file, expected, found })
  const patched = await patchShards(tree, new Map(delta.changes.map((c) => [c.key, c.line])), at)
  const root = makeManifest(spec.map, delta.to, patched.shards).root
  if (root !== delta.root || root !== manifest.root) throw new TreeError({ code: 'delta_root', file, expected: manifest.root, found: root })
  await (patched.stage ?? (await openStage(spec, at))).commit(manifestText, 'forget')
  return { spec, manifest, manifestText }
}

interface PatchedShards {
  readonly shards: readonly ShardDigest[]
  readonly effective: readonly KeyChange[]
  /** Null when no shard differs: then nothing was written. */
  readonly stage: Stage | null
}

async function patchShards(tree: Tree, changes: ReadonlyMap<string, string | null>, at: AtTreeStep): Promise<PatchedShards> {
  const spec = { ...tree.spec, shardCount: shardCountOf(tree.manifest) }
  const shards = [...tree.manifest.shards]
  const effective: KeyChange[] = []
  let opening: Promise<Stage> | null = null
  await inParallel([...groupByShard(changes, spec.shardCount)], async ([index, ofShard]) => {
    const patch = patchShard(await readShard(tree, index), ofShard)
    if (patch.effective.length === 0) return
    const bytes = renderShard(patch.entries)
    shards[index] = digestOf(bytes, patch.entries.length)
    for (const change of patch.effective) effective.push(change)
    opening ??= openStage(spec, at)
    await (await opening).putShard(index, bytes)
  })
  return { shards, effective, stage: await opening }
}

function groupByShard(changes: ReadonlyMap<string, string | null>, shardCount: ShardCount): Map<number, KeyChange[]> {
  const shards = new Map<number, KeyChange[]>()
  for (const [key, line] of changes) {
    if (line !== null && !isLine(line)) throw new Error(`the line of the key ${JSON.stringify(key)} is not one line of text`)
    const index = shardOf(key, shardCount)
    const ofShard = shards.get(index)
    if (ofShard === undefined) shards.set(index, [{ key, line }])
    else ofShard.push({ key, line })
  }
  for (const ofShard of shards.values()) ofShard.sort((a, b) => compareKeys(a.key, b.key))
  return shards
}
