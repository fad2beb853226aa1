import type { Manifest } from './manifest.js'

/** Which shards of `wanted` are not the same in `have`, by index: those to fetch. All of them without a tree or with another shard count. */
export function differingShards(have: Manifest | null, wanted: Manifest): number[] {
  const known = have !== null && have.shards.length === wanted.shards.length ? have.shards : []
  return wanted.shards.flatMap((shard, index) => (known[index]?.sha256 === shard.sha256 ? [] : [index]))
}
