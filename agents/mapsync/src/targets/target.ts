import type { Entry } from '@muster/maps'
import type { Manifest, Tree } from '@muster/maptree'
import type { TargetConfig } from '../config/agent-config.js'
import type { FileStamp } from '../state/state.js'
import type { World } from '../world.js'
import type { Base, EntryChange } from './tree-changes.js'

/** Which of a target's files: those being built, or those the daemons read. */
export type Place = 'aside' | 'live'

/**
 * How one map becomes the lookup database of one daemon. Everything is built aside; `swap` alone touches what daemons read, and only by
 * rename. A target keeps nothing in memory between its calls.
 */
export interface Target {
  readonly config: TargetConfig
  /** The files daemons read. */
  readonly files: readonly string[]
  /** How long after a swap a daemon may still answer from the old file. */
  readonly settleMs: number
  /** About what the compiled files take. */
  neededBytes(manifest: Manifest): number
  /** Builds the files aside, down to the disk. */
  compile(tree: Tree): Promise<void>
  /**
   * Builds the files aside from clones of those in use, down to the disk; null for a target that cannot. Throws where the files in use are
   * not those of the stamps, or do not say of a key what the change says was there.
   */
  readonly patch: ((changes: readonly EntryChange[], stamps: readonly FileStamp[], world: World) => Promise<void>) | null
  /** Reads the compiled files whole. */
  readBack(tree: Tree, place: Place): Promise<ReadBack>
  /** Looks keys up as the daemon does; null where only the whole can be read. */
  openLookup(place: Place): Lookup | null
  /** Puts the files that were built in place. `base` is null when the tree of the live files is not known. */
  swap(base: Base | null, tree: Tree, world: World): Promise<void>
  /** Entries in the live files before the agent knew them; 0 without any. */
  countLive(): number
  /** Removes what was built aside. */
  discard(): Promise<void>
}

/** What compiled files say. */
export interface ReadBack {
  /** The tree's root exactly when the files hold what the tree holds, entry for entry and nothing else. */
  readonly root: string
  /** Entries in each file. */
  readonly counts: readonly number[]
  /** The first one found; null when there is none. */
  readonly difference: Difference | null
}

/** One key of which the files do not say what the tree says. Values are never told: they may be hashes. */
export interface Difference {
  readonly key: string | null
  readonly what: 'missing' | 'unexpected' | 'another value' | 'unreadable'
}

export interface Lookup {
  counts(): number[]
  /** The line that the files hold for this entry's key; null when the key is absent. Differs from the entry's line when a value does. */
  find(entry: Entry): string | null
  has(key: string): boolean
  keys(): Iterable<string>
  /** How many entries an entry of the map makes in each file. */
  spread(entry: Entry): readonly number[]
  close(): void
}

export function renderDifference({ key, what }: Difference): string {
  return key === null ? what : `${key}: ${what}`
}
