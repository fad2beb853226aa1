import { createHash } from 'node:crypto'
import type { Entry } from '@muster/maps'
import { readShard, rootOf, type ShardDigest, type Tree } from '@muster/maptree'
import type { Difference, Lookup, ReadBack } from './target.js'

/** Hashes lines into one shard's digest as a tree writes them. */
export function openDigest(): { add(line: string): void; done(): ShardDigest } {
  const hash = createHash('sha256')
  let [bytes, entries] = [0, 0]
  return {
    add: (line) => {
      const text = Buffer.from(`${line}\n`, 'utf8')
      hash.update(text)
      bytes += text.length
      entries++
    },
    done: () => ({ bytes, sha256: hash.digest('hex'), entries }),
  }
}

/**
 * Reads a compiled map whole by looking up every key of its tree, and makes the root anew from what was found. Memory is bounded by one
 * shard, unless the files hold more than the tree: then its keys are gathered to name the stranger.
 */
export async function readBackByKey(tree: Tree, lookup: Lookup): Promise<ReadBack> {
  const shards: ShardDigest[] = []
  const expected: number[] = []
  let difference: Difference | null = null
  for (let index = 0; index < tree.manifest.shards.length; index++) {
    const digest = openDigest()
    for (const entry of await readShard(tree, index)) {
      const line = lookup.find(entry)
      if (line !== null) digest.add(line)
      difference ??= differenceOf(entry, line)
      lookup.spread(entry).forEach((n, file) => (expected[file] = (expected[file] ?? 0) + n))
    }
    shards.push(digest.done())
  }
  const counts = lookup.counts()
  const root = rootOf(shards)
  if (counts.every((count, file) => count === (expected[file] ?? 0))) return { root, counts, difference }
  const stranger = await findStranger(tree, lookup)
  difference ??= { key: stranger, what: 'unexpected' }
  return {
    root: createHash('sha256')
      .update(`${root} ${counts.join(' ')}`)
      .digest('hex'),
    counts,
    difference,
  }
}

export function differenceOf(entry: Entry, found: string | null): Difference | null {
  if (found === entry.line) return null
  return { key: entry.key, what: found === null ? 'missing' : 'another value' }
}

async function findStranger(tree: Tree, lookup: Lookup): Promise<string | null> {
  const known = new Set<string>()
  for (let index = 0; index < tree.manifest.shards.length; index++) {
    for (const { key } of await readShard(tree, index)) known.add(key)
  }
  for (const key of lookup.keys()) if (!known.has(key)) return key
  return null
}
