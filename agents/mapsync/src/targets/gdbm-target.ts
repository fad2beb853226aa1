import { existsSync } from 'node:fs'
import type { Entry } from '@muster/maps'
import { readEntries, type Tree } from '@muster/maptree'
import type { TargetConfig } from '../config/agent-config.js'
import { asideOf, removeAside, replaceLive } from '../files/live-file.js'
import { GdbmFile } from '../gdbm/gdbm-file.js'
import type { FileStamp } from '../state/state.js'
import type { World } from '../world.js'
import { cloneLive, patchGdbm } from './patch-gdbm.js'
import { readBackByKey } from './read-back.js'
import type { Lookup, Target } from './target.js'
import type { EntryChange } from './tree-changes.js'

/** A GDBM file adds a bucket slot, alignment and free space to each entry: measured 1.4 times the text and 70 bytes an entry for a popmap. */
export const GDBM_GROWTH = { text: 1.6, entry: 70 }

/**
 * One GDBM file, for Perdition: the key is what comes before the line's first separator, the value all that comes after, as `makegdbm`
 * takes it. Perdition opens the file anew at every login, so a swap is in effect at once.
 */
export function gdbmTarget(config: TargetConfig): Target {
  const live = config.path
  const aside = asideOf(live)
  const fileAt = (place: 'aside' | 'live') => (place === 'aside' ? aside : live)
  const target: Target = {
    config,
    files: [live],
    settleMs: 0,
    neededBytes: ({ shards, entries }) => shards.reduce((sum, s) => sum + s.bytes, 0) * GDBM_GROWTH.text + entries * GDBM_GROWTH.entry,
    compile: (tree) => compile(tree, aside),
    patch: (changes, [stamp], world) => patch({ live, aside }, changes, stamp as FileStamp, world),
    readBack: async (tree, place) => {
      const lookup = openGdbmLookup(fileAt(place))
      try {
        return await readBackByKey(tree, lookup)
      } finally {
        lookup.close()
      }
    },
    openLookup: (place) => openGdbmLookup(fileAt(place)),
    swap: async (_base, _tree, world) => {
      await replaceLive(aside, live, config, world.now())
      await world.at('file-renamed')
    },
    countLive: () => countGdbm(live),
    discard: () => removeAside(aside),
  }
  return target
}

async function patch(
  files: { live: string; aside: string },
  changes: readonly EntryChange[],
  stamp: FileStamp,
  world: World,
): Promise<void> {
  await cloneLive(files.live, files.aside, stamp)
  await world.at('cloned')
  const valueIn = (key: string, line: string | null) => (line === null ? null : valueOf(key, line))
  patchGdbm(
    files.aside,
    changes.map(({ key, before, now }) => ({ key, before: valueIn(key, before), now: valueIn(key, now) })),
  )
}

async function compile(tree: Tree, aside: string): Promise<void> {
  const file = GdbmFile.create(aside)
  try {
    for await (const entries of readEntries(tree)) {
      for (const { key, line } of entries) storeOnce(file, key, valueOf(key, line))
    }
    file.sync()
  } finally {
    file.close()
  }
}

export function storeOnce(file: GdbmFile, key: string, value: string): void {
  if (!file.store(Buffer.from(key, 'utf8'), Buffer.from(value, 'utf8'))) throw new Error(`the key ${JSON.stringify(key)} comes twice`)
}

function valueOf(key: string, line: string): string {
  return line.slice(key.length + 1)
}

function openGdbmLookup(path: string): Lookup {
  const file = GdbmFile.openReader(path)
  return {
    counts: () => [file.count()],
    find: ({ key, line }: Entry) => {
      const value = file.fetch(Buffer.from(key, 'utf8'))
      return value === null ? null : `${line.slice(0, key.length + 1)}${value.toString('utf8')}`
    },
    has: (key) => file.has(Buffer.from(key, 'utf8')),
    keys: () => textKeys(file),
    spread: () => [1],
    close: () => file.close(),
  }
}

export function* textKeys(file: GdbmFile): Generator<string> {
  for (const key of file.keys()) yield key.toString('utf8')
}

/** A file that libgdbm cannot open holds no entry that anybody could look up. */
export function countGdbm(path: string): number {
  if (!existsSync(path)) return 0
  try {
    const file = GdbmFile.openReader(path)
    try {
      return file.count()
    } finally {
      file.close()
    }
  } catch {
    return 0
  }
}
