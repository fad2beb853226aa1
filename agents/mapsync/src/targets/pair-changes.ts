import { readEntries, type Tree } from '@muster/maptree'
import type { GdbmFile } from '../gdbm/gdbm-file.js'
import type { PairChange } from './plan-pair-swap.js'
import { splitUserdb, type UserdbParts } from './split-userdb.js'
import { changesTo, type Base, type EntryChange } from './tree-changes.js'

/** The changes from the tree that the live files were compiled from. */
export async function* changesBetweenTrees(base: Base, tree: Tree): AsyncGenerator<PairChange> {
  for await (const change of changesTo(tree, base)) yield toPairChange(change)
}

export function toPairChange({ key, before, now }: EntryChange): PairChange {
  return { key, old: partsOf(before), now: partsOf(now) }
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
