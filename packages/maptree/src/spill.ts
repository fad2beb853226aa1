import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '@muster/maps'
import { isErrno, makeFolder } from './files.js'
import type { SortedShard } from './replace-tree.js'
import { isLine, shardName, shardOf, sortEntries } from './shard.js'
import type { TreeSpec } from './spec.js'

/**
 * Takes the entries of a whole map in any order and gives them back shard by shard, sorted, without holding the map in memory: what a shard
 * has gathered beyond its share of `bufferBytes` goes to a file of its own in `dir`. Small maps never touch the disk.
 */
export interface Spill {
  add(entries: readonly Entry[]): Promise<void>
  /** Once, after the last `add`. Throws when two entries have one key. */
  shards(): AsyncGenerator<SortedShard>
  /** Removes its files; to be called in any case. */
  discard(): Promise<void>
}

interface Gathered {
  lines: string[]
  bytes: number
  spilled: boolean
}

/** `dir` is made when it is needed (only its owner may look), and must belong to this map alone. */
export function openSpill(spec: Pick<TreeSpec, 'shardCount' | 'keyOfLine'>, dir: string, bufferBytes: number): Spill {
  const { shardCount, keyOfLine } = spec
  const share = bufferBytes / shardCount
  const gathered = Array.from({ length: shardCount }, (): Gathered => ({ lines: [], bytes: 0, spilled: false }))
  const fileOf = (index: number): string => join(dir, shardName(index, shardCount))

  const flush = async (index: number, shard: Gathered): Promise<void> => {
    const text = `${shard.lines.join('\n')}\n`
    Object.assign(shard, { lines: [], bytes: 0, spilled: true })
    await makeFolder(dir, 0o700)
    await appendFile(fileOf(index), text, { mode: 0o600 })
  }

  const collect = async (index: number, shard: Gathered): Promise<Entry[]> => {
    const spilled = shard.spilled ? (await readFile(fileOf(index), 'utf8')).split('\n').slice(0, -1) : []
    return sortEntries([...spilled, ...shard.lines].map((line) => ({ key: keyOfLine(line), line })))
  }

  return {
    add: async (entries) => {
      const full = new Set<number>()
      for (const { key, line } of entries) {
        if (!isLine(line)) throw new Error(`the line of the key ${JSON.stringify(key)} is not one line of text`)
        const index = shardOf(key, shardCount)
        const shard = gathered[index] as Gathered
        shard.lines.push(line)
        shard.bytes += line.length + 1
        if (shard.bytes > share) full.add(index)
      }
      for (const index of full) await flush(index, gathered[index] as Gathered)
    },
    shards: async function* () {
      for (const [index, shard] of gathered.entries()) {
        yield { index, entries: await collect(index, shard) }
        Object.assign(shard, { lines: [], bytes: 0 })
      }
    },
    discard: () => removeSpill(dir),
  }
}

async function removeSpill(dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true })
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}
