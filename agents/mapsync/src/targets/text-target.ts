import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import type { Entry } from '@muster/maps'
import { readShard, rootOf, shardCountOf, shardOf, type Tree } from '@muster/maptree'
import type { TargetConfig } from '../config/agent-config.js'
import { asideOf, removeAside, replaceLive, syncPath } from '../files/live-file.js'
import { mergeShards, readLinesSync } from '../files/merge-shards.js'
import { differenceOf, openDigest } from './read-back.js'
import type { Difference, ReadBack, Target } from './target.js'

const WRITE_BYTES = 1_048_576
/** Dovecot looks at its passwd-file at most once a second, and then reads it whole. */
const DOVECOT_SETTLE_MS = 2000

/** The text itself, whole and in the order of its keys, so that `diff` of two of them reads well: Dovecot's passwd-file, or any map. */
export function textTarget(config: TargetConfig): Target {
  const live = config.path
  const aside = asideOf(live)
  return {
    config,
    files: [live],
    settleMs: DOVECOT_SETTLE_MS,
    neededBytes: ({ shards }) => shards.reduce((sum, s) => sum + s.bytes, 0),
    compile: (tree) => compile(tree, aside),
    patch: null,
    readBack: (tree, place) => readBack(tree, place === 'aside' ? aside : live),
    openLookup: () => null,
    swap: async (_base, _tree, world) => {
      await replaceLive(aside, live, config, world.now())
      await world.at('file-renamed')
    },
    countLive: () => (existsSync(live) ? count(readLinesSync(live)) : 0),
    discard: () => removeAside(aside),
  }
}

async function compile(tree: Tree, aside: string): Promise<void> {
  await removeAside(aside)
  const fd = openSync(aside, 'wx', 0o600)
  try {
    let lines: string[] = []
    let length = 0
    const flush = () => {
      writeWhole(fd, Buffer.from(lines.join(''), 'utf8'))
      lines = []
      length = 0
    }
    for (const { line } of mergeShards(tree)) {
      lines.push(`${line}\n`)
      length += line.length
      if (length > WRITE_BYTES) flush()
    }
    flush()
  } finally {
    closeSync(fd)
  }
  await syncPath(aside)
}

/** write(2) may take less than it is given, on a disk that is about to be full for one. */
function writeWhole(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
}

/** One pass over the file, hashing each line into its shard: the file's order is that of its keys, so each shard's lines come in theirs. */
async function readBack(tree: Tree, file: string): Promise<ReadBack> {
  const shardCount = shardCountOf(tree.manifest)
  const digests = tree.manifest.shards.map(() => openDigest())
  let unreadable = false
  let entries = 0
  for (const line of readLinesSync(file)) {
    const key = keyOf(tree, line)
    unreadable ||= key === null
    digests[key === null ? 0 : shardOf(key, shardCount)]?.add(line)
    entries++
  }
  const shards = digests.map((digest) => digest.done())
  const differing = shards.findIndex((shard, i) => shard.sha256 !== tree.manifest.shards[i]?.sha256)
  const result = { root: rootOf(shards), counts: [entries] }
  if (unreadable) return { ...result, difference: { key: null, what: 'unreadable' } }
  return { ...result, difference: differing < 0 ? null : await findDifference(tree, file, differing) }
}

function keyOf(tree: Tree, line: string): string | null {
  try {
    return tree.spec.keyOfLine(line)
  } catch {
    return null
  }
}

async function findDifference(tree: Tree, file: string, shard: number): Promise<Difference> {
  const shardCount = shardCountOf(tree.manifest)
  const found = new Map<string, string>()
  for (const line of readLinesSync(file)) {
    const key = tree.spec.keyOfLine(line)
    if (shardOf(key, shardCount) !== shard) continue
    if (found.has(key)) return { key, what: 'unexpected' }
    found.set(key, line)
  }
  const expected: Entry[] = await readShard(tree, shard)
  for (const entry of expected) {
    const difference = differenceOf(entry, found.get(entry.key) ?? null)
    if (difference !== null) return difference
    found.delete(entry.key)
  }
  const [stranger] = found.keys()
  // All there and nothing else, yet another digest: the lines stand in another order.
  return { key: stranger ?? null, what: stranger === undefined ? 'unreadable' : 'unexpected' }
}

function count(lines: Iterable<string>): number {
  let n = 0
  for (const _ of lines) n++
  return n
}
