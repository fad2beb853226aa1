import { join } from 'node:path'
import { TreeError, type TreeFault } from './fault.js'
import { listFolder, readFileIfAny } from './files.js'
import { shardCountOf } from './manifest.js'
import { parseShard, shardName } from './shard.js'
import type { PinnedKey } from './signature.js'
import { manifestFile, shardPlace, type TreeSpec } from './spec.js'
import { checkShardBytes, readTree, type Tree } from './tree.js'

/**
 * Checks a tree or a snapshot whole: the manifest's signature and text, then every shard's size, SHA-256, order, keys and count, and that
 * nothing else lies among them. Returns every fault, none for a sound tree; reads one shard at a time.
 */
export async function verifyTree(spec: TreeSpec, pinned: readonly PinnedKey[]): Promise<TreeFault[]> {
  const file = manifestFile(spec)
  const tree = await catchFault(() => readTree(spec, pinned))
  if ('code' in tree) return [tree]
  if (tree.value === null) return [{ code: 'manifest_missing', file, expected: 'a signed MANIFEST', found: 'no file' }]
  const faults: TreeFault[] = []
  for (let index = 0; index < tree.value.manifest.shards.length; index++) {
    const fault = await verifyShard(tree.value, index)
    if (fault !== null) faults.push(fault)
  }
  return [...faults, ...(await findStrangers(tree.value))]
}

async function verifyShard(tree: Tree, index: number): Promise<TreeFault | null> {
  const expected = tree.manifest.shards[index]
  const place = shardPlace(tree.spec, index, shardCountOf(tree.manifest))
  const bytes = await readFileIfAny(place.file)
  if (bytes === null || expected === undefined) {
    return { code: 'shard_missing', file: place.file, expected: `${expected?.bytes} bytes`, found: 'no file' }
  }
  const checked = await catchFault(() => {
    checkShardBytes(bytes, expected, place.file)
    return parseShard(bytes, place).length
  })
  if ('code' in checked) return checked
  if (checked.value === expected.entries) return null
  return { code: 'shard_entries', file: place.file, expected: `${expected.entries} entries`, found: `${checked.value} entries` }
}

async function findStrangers(tree: Tree): Promise<TreeFault[]> {
  const shards = join(tree.spec.dir, 'shards')
  const count = shardCountOf(tree.manifest)
  const named = new Set(tree.manifest.shards.map((_, index) => shardName(index, count)))
  const strangers = (await listFolder(shards)).filter((name) => !named.has(name))
  return strangers.map((name) => ({ code: 'file_unexpected', file: join(shards, name), expected: 'only shards', found: 'another file' }))
}

async function catchFault<T>(run: () => T | Promise<T>): Promise<TreeFault | { readonly value: T }> {
  try {
    return { value: await run() }
  } catch (error) {
    if (error instanceof TreeError) return error.fault
    throw error
  }
}
