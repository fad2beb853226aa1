import type { Entry } from '@muster/maps'
import { differingShards } from './compare.js'
import { TreeError } from './fault.js'
import { readFileIfAny } from './files.js'
import { parseManifest, shardCountOf, type Manifest, type ShardDigest } from './manifest.js'
import { diffShard, parseShard, sha256, type KeyChange } from './shard.js'
import type { PinnedKey } from './signature.js'
import { manifestFile, shardPlace, type TreeSpec } from './spec.js'
import { noStop, recoverTree, type AtTreeStep } from './stage.js'

/** A tree on disk as its verified MANIFEST describes it. Values: every change gives a new one. */
export interface Tree {
  readonly spec: TreeSpec
  readonly manifest: Manifest
  /** The signed text as it stands in the file. */
  readonly manifestText: string
}

/** Finishes what a killed process left, then reads and verifies the MANIFEST. Null without one. Shards are verified as they are read. */
export async function openTree(spec: TreeSpec, pinned: readonly PinnedKey[], at: AtTreeStep = noStop): Promise<Tree | null> {
  await recoverTree(spec, at)
  return readTree(spec, pinned)
}

/** Reads a tree that somebody else writes, or a snapshot: nothing on disk is touched. */
export async function readTree(spec: TreeSpec, pinned: readonly PinnedKey[]): Promise<Tree | null> {
  const file = manifestFile(spec)
  const text = (await readFileIfAny(file))?.toString('utf8')
  if (text === undefined) return null
  const manifest = parseManifest(text, pinned, file)
  if (manifest.map !== spec.map) throw new TreeError({ code: 'manifest_of_another_map', file, expected: spec.map, found: manifest.map })
  return { spec, manifest, manifestText: text }
}

/** One shard's entries in key order, once its bytes are what the MANIFEST says. Throws a TreeError otherwise. */
export async function readShard(tree: Tree, index: number): Promise<Entry[]> {
  const shardCount = shardCountOf(tree.manifest)
  const place = shardPlace(tree.spec, index, shardCount)
  const bytes = await readFileIfAny(place.file)
  const expected = tree.manifest.shards[index] as ShardDigest
  if (bytes === null)
    throw new TreeError({ code: 'shard_missing', file: place.file, expected: `${expected.bytes} bytes`, found: 'no file' })
  checkShardBytes(bytes, expected, place.file)
  return parseShard(bytes, place)
}

/** Compares bytes with the MANIFEST's line. */
export function checkShardBytes(bytes: Buffer, expected: ShardDigest, file: string): void {
  if (bytes.length !== expected.bytes) {
    throw new TreeError({ code: 'shard_bytes', file, expected: `${expected.bytes} bytes`, found: `${bytes.length} bytes` })
  }
  const found = sha256(bytes)
  if (found !== expected.sha256) throw new TreeError({ code: 'shard_sha256', file, expected: expected.sha256, found })
}

/** Every entry of the tree, a shard at a time: memory is bounded by one shard. */
export async function* readEntries(tree: Tree): AsyncGenerator<Entry[]> {
  for (let index = 0; index < tree.manifest.shards.length; index++) yield await readShard(tree, index)
}

/**
 * What turns one tree into another, a shard at a time: only shards whose digests differ are read. Without `before` everything is new. Both
 * must have the same shard count.
 */
export async function* diffTrees(before: Tree | null, after: Tree): AsyncGenerator<KeyChange[]> {
  for (const index of differingShards(before?.manifest ?? null, after.manifest)) {
    yield diffShard(before === null ? [] : await readShard(before, index), await readShard(after, index))
  }
}
