import { diffShard, differingShards, readEntries, readShard, type Tree } from '@muster/maptree'
import type { GdbmFile } from '../gdbm/gdbm-file.js'
import type { PairChange } from './plan-pair-swap.js'
import { splitUserdb, type UserdbParts } from './split-userdb.js'

/** The changes from the tree that the live files were compiled from: reads only shards that differ. Both have the same shard count. */
export async function* changesBetweenTrees(base: Tree, tree: Tree): AsyncGenerator<PairChange> {
  for (const index of differingShards(base.manifest, tree.manifest)) {
    const before = await readShard(base, index)
    const lines = new Map(before.map(({ key, line }) => [key, line]))
    for (const { key, line } of diffShard(before, await readShard(tree, index))) {
      yield { key, old: partsOf(lines.get(key) ?? null), now: partsOf(line) }
    }
  }
}

/**
 * The changes from live files of which no tree is known: made by another tool, or caught by a kill between two renames. Looks every key up
 * in them, so it costs the map.
 */
export async function* changesFromFiles(live: LivePair, tree: Tree, built: GdbmFile): AsyncGenerator<PairChange> {
  for await (const entries of readEntries(tree)) {
    for (const { key, line } of entries) {
      const old = readParts(live, Buffer.from(key, 'utf8'))
      const now = splitUserdb(line)
      if (old?.main !== now.main || old.shadow !== now.shadow) yield { key, old, now }
    }
  }
  for (const key of live.main.keys()) {
    if (!built.has(key)) yield { key: key.toString('utf8'), old: readParts(live, key), now: null }
  }
}

export interface LivePair {
  readonly main: GdbmFile
  readonly shadow: GdbmFile | null
}

function readParts({ main, shadow }: LivePair, key: Buffer): UserdbParts | null {
  const value = main.fetch(key)
  return value === null ? null : { main: value.toString('utf8'), shadow: shadow?.fetch(key)?.toString('utf8') ?? null }
}

function partsOf(line: string | null): UserdbParts | null {
  return line === null ? null : splitUserdb(line)
}
