import { diffShard, differingShards, readShard, shardCountOf, type Tree } from '@muster/maptree'

/** One key whose line differs between two trees; null where it is absent. */
export interface EntryChange {
  readonly key: string
  readonly before: string | null
  readonly now: string | null
}

/** The tree of the files in use; `changes` is what turns it into the new tree, where that was gathered because it is little. */
export interface Base {
  readonly tree: Tree
  readonly changes: readonly EntryChange[] | null
}

/** Whether two trees can be compared shard by shard. */
export function areComparable(before: Tree, after: Tree): boolean {
  return shardCountOf(before.manifest) === shardCountOf(after.manifest)
}

/** What turns the tree of a base into another, which is comparable with it: reads only shards that differ, and none when it is known. */
export async function* changesTo(tree: Tree, base: Base): AsyncGenerator<EntryChange> {
  if (base.changes !== null) return yield* base.changes
  for (const index of differingShards(base.tree.manifest, tree.manifest)) {
    const old = await readShard(base.tree, index)
    const lines = new Map(old.map(({ key, line }) => [key, line]))
    for (const { key, line } of diffShard(old, await readShard(tree, index))) yield { key, before: lines.get(key) ?? null, now: line }
  }
}
