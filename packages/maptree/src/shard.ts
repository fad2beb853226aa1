import { createHash } from 'node:crypto'
import { compareKeys, type Entry } from '@muster/maps'
import { TreeError } from './fault.js'
import { decodeUtf8, splitLines } from './lines.js'

/**
 * How many shards a map may have. It belongs to the map's definition, not to its size: 256, 1,024 on very large sites, and 1 for a map
 * that one file must hold. A manifest says it by the number of its `shard` lines.
 */
export const SHARD_COUNTS = [1, 256, 1024] as const
export type ShardCount = (typeof SHARD_COUNTS)[number]
export const DEFAULT_SHARD_COUNT: ShardCount = 256

/** What becomes of one key: its new line, or null when it goes. */
export interface KeyChange {
  readonly key: string
  readonly line: string | null
}

/** Where a shard's text stands, for errors and to check that each key is at home. */
export interface ShardPlace {
  readonly file: string
  readonly index: number
  readonly shardCount: ShardCount
  readonly keyOfLine: (line: string) => string
}

/** FNV-1a (32 bits) over the key's UTF-8 bytes, folded by XOR to as many bits as name the shards: 0 to `shardCount` - 1. */
export function shardOf(key: string, shardCount: ShardCount): number {
  if (shardCount === 1) return 0
  const bits = Math.log2(shardCount)
  let folded = 0
  for (let rest = fnv1a(key); rest !== 0; rest >>>= bits) folded ^= rest
  return folded & (shardCount - 1)
}

function fnv1a(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    if (unit > 0x7f) return Buffer.from(key, 'utf8').reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5) >>> 0
    hash = Math.imul(hash ^ unit, 0x01000193)
  }
  return hash >>> 0
}

/** The file name: hex digits in lower case, two, or three where there are more than 256 shards. */
export function shardName(index: number, shardCount: ShardCount): string {
  return index.toString(16).padStart(shardCount > 256 ? 3 : 2, '0')
}

/** Sorts in place; two entries of one key are a fault of the map kind, and are refused. */
export function sortEntries(entries: Entry[]): Entry[] {
  entries.sort((a, b) => compareKeys(a.key, b.key))
  const twice = entries.findIndex((entry, i) => entry.key === entries[i - 1]?.key)
  if (twice > 0) throw new Error(`two entries of the key ${JSON.stringify(entries[twice]?.key)} in one map`)
  return entries
}

/** Strict: whole lines in UTF-8, keys in strictly ascending order, each in its own shard. Throws a TreeError naming file and line. */
export function parseShard(bytes: Buffer, place: ShardPlace): Entry[] {
  const lines = splitLines(decodeUtf8(bytes, place.file), place.file)
  let last: string | null = null
  return lines.map((line, i) => {
    const fail = (expected: string, found: string): never => {
      throw new TreeError({ code: 'syntax', file: place.file, line: i + 1, expected, found })
    }
    if (!isLine(line)) fail('a line of text', line === '' ? 'an empty line' : 'a control character')
    const key = keyOf(line, place, fail)
    if (last !== null && compareKeys(last, key) >= 0) fail('keys in ascending byte order, each once', 'an earlier or equal key')
    const home = shardOf(key, place.shardCount)
    if (home !== place.index) fail(`a key of shard ${place.index}`, `one of shard ${home}`)
    last = key
    return { key, line }
  })
}

function keyOf(line: string, place: ShardPlace, fail: (expected: string, found: string) => never): string {
  try {
    return place.keyOfLine(line)
  } catch (error) {
    return fail('a line of this map', error instanceof Error ? error.message : String(error))
  }
}

/** Whether this may be one line of a tree: not empty, and nothing in it that would end it. */
export function isLine(line: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return line !== '' && !/[\u0000\n\r]/.test(line)
}

/** Entries in key order, one a line, each ended by a newline; no entry is no byte. */
export function renderShard(entries: readonly Entry[]): Buffer {
  return Buffer.from(entries.map((entry) => `${entry.line}\n`).join(''), 'utf8')
}

export interface ShardPatch {
  readonly entries: readonly Entry[]
  /** Those of the changes that made a difference, in key order: what a delta says. */
  readonly effective: readonly KeyChange[]
}

/** Merges changes into a shard in one pass. Both are sorted by key, each key once. A put of the same line or a missing key's removal is no change. */
export function patchShard(entries: readonly Entry[], changes: readonly KeyChange[]): ShardPatch {
  const merged: Entry[] = []
  const effective: KeyChange[] = []
  let at = 0
  for (const change of changes) {
    while (at < entries.length && compareKeys((entries[at] as Entry).key, change.key) < 0) merged.push(entries[at++] as Entry)
    const old = entries[at]?.key === change.key ? (entries[at++] as Entry) : null
    if (change.line !== null) merged.push({ key: change.key, line: change.line })
    if ((old?.line ?? null) !== change.line) effective.push(change)
  }
  return { entries: [...merged, ...entries.slice(at)], effective }
}

/** What turns `before` into `after`, in key order; both are sorted by key. */
export function diffShard(before: readonly Entry[], after: readonly Entry[]): KeyChange[] {
  const changes: KeyChange[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]]
    const order = old === undefined ? 1 : now === undefined ? -1 : compareKeys(old.key, now.key)
    if (order < 0) changes.push({ key: (old as Entry).key, line: null })
    else if (order > 0 || old?.line !== now?.line) changes.push(now as Entry)
    if (order <= 0) i++
    if (order >= 0) j++
  }
  return changes
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
