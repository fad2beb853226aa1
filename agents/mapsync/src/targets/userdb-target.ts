import { constants } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { readEntries, type Tree } from '@muster/maptree'
import { liveFiles } from '../config/parse-config.js'
import type { TargetConfig } from '../config/agent-config.js'
import { asideOf, removeAside, replaceLive } from '../files/live-file.js'
import { GdbmError, GdbmFile } from '../gdbm/gdbm-file.js'
import type { FileStamp } from '../state/state.js'
import type { World } from '../world.js'
import { countGdbm, GDBM_GROWTH, storeOnce, textKeys } from './gdbm-target.js'
import { changesBetweenTrees, changesFromFiles, toPairChange } from './pair-changes.js'
import { cloneLive, patchGdbm } from './patch-gdbm.js'
import { createPairPlanner, type PairChange, type PairPlan } from './plan-pair-swap.js'
import { readBackByKey } from './read-back.js'
import { splitUserdb } from './split-userdb.js'
import type { Lookup, Place, Target } from './target.js'
import { areComparable, type Base, type EntryChange } from './tree-changes.js'

/** Longer than any lookup takes from the one file to the other, on a busy machine too. */
const FENCE_MS = 250

interface Pair {
  readonly main: string
  readonly shadow: string
}

/**
 * userdb.dat and userdbshadow.dat, for Courier and maildrop, entry for entry what makeuserdb makes of the same lines. Courier compares
 * inode and second of change at every lookup, so a swap is in effect at the next one.
 */
export function userdbTarget(config: TargetConfig): Target {
  const [main = '', shadow = ''] = liveFiles(config)
  const live = { main, shadow }
  const aside = { main: asideOf(main), shadow: asideOf(shadow) }
  const between = asideOf(shadow, 'between')
  const pairAt = (place: Place) => (place === 'aside' ? aside : live)
  return {
    config,
    files: [main, shadow],
    settleMs: 0,
    // Two files, and for a while a second shadow.
    neededBytes: ({ shards, entries }) =>
      shards.reduce((sum, s) => sum + s.bytes, 0) * GDBM_GROWTH.text * 1.5 + entries * GDBM_GROWTH.entry * 3,
    compile: (tree) => compile(tree, aside),
    patch: (changes, stamps, world) => patch({ live, aside }, changes, stamps, world),
    readBack: async (tree, place) => {
      const lookup = openPairLookup(pairAt(place))
      try {
        return await readBackByKey(tree, lookup)
      } finally {
        lookup.close()
      }
    },
    openLookup: (place) => openPairLookup(pairAt(place)),
    swap: async (base, tree, world) => {
      const plan = await planSwap(base, tree, live, aside)
      if (plan.steps.includes('between')) await buildBetween(plan, aside.shadow, between)
      await rename(plan, { live, aside, between }, config, world)
    },
    countLive: () => countGdbm(main),
    discard: () => removeAside(aside.main, aside.shadow, between),
  }
}

async function compile(tree: Tree, aside: Pair): Promise<void> {
  await withFiles([() => GdbmFile.create(aside.main), () => GdbmFile.create(aside.shadow)], async ([main, shadow]) => {
    for await (const entries of readEntries(tree)) {
      for (const { key, line } of entries) {
        const parts = splitUserdb(line)
        storeOnce(main as GdbmFile, key, parts.main)
        if (parts.shadow !== null) storeOnce(shadow as GdbmFile, key, parts.shadow)
      }
    }
    main?.sync()
    shadow?.sync()
  })
}

/** A change of the password alone leaves userdb.dat as it is, and is still a new file: both are swapped each time, as one state. */
async function patch(
  { live, aside }: { live: Pair; aside: Pair },
  changes: readonly EntryChange[],
  stamps: readonly FileStamp[],
  world: World,
): Promise<void> {
  const parts = changes.map(toPairChange)
  const [mainStamp, shadowStamp] = stamps as [FileStamp, FileStamp]
  await cloneLive(live.main, aside.main, mainStamp)
  await cloneLive(live.shadow, aside.shadow, shadowStamp)
  await world.at('cloned')
  patchGdbm(
    aside.main,
    parts.map(({ key, old, now }) => ({ key, before: old?.main ?? null, now: now?.main ?? null })),
  )
  patchGdbm(
    aside.shadow,
    parts.map(({ key, old, now }) => ({ key, before: old?.shadow ?? null, now: now?.shadow ?? null })),
  )
}

async function withFiles<T>(open: readonly (() => GdbmFile)[], use: (files: GdbmFile[]) => Promise<T>): Promise<T> {
  const files: GdbmFile[] = []
  try {
    for (const one of open) files.push(one())
    return await use(files)
  } finally {
    for (const file of files) file.close()
  }
}

async function planSwap(base: Base | null, tree: Tree, live: Pair, aside: Pair): Promise<PairPlan> {
  const planner = createPairPlanner()
  const take = async (changes: AsyncIterable<PairChange>) => {
    for await (const change of changes) planner.add(change)
  }
  if (base !== null && areComparable(base.tree, tree)) {
    await take(changesBetweenTrees(base, tree))
    return planner.plan()
  }
  const main = openIfReadable(live.main)
  // Nobody can be logged in by a file that is not there: everything is new.
  if (main === null) return { steps: ['shadow', 'main'], keep: new Map(), fence: [] }
  const shadow = openIfReadable(live.shadow)
  const open = [() => main, ...(shadow === null ? [] : [() => shadow]), () => GdbmFile.openReader(aside.main)]
  try {
    await withFiles(open, (files) => take(changesFromFiles({ main, shadow }, tree, files.at(-1) as GdbmFile)))
  } catch (error) {
    // Files that are damaged inside are replaced all the same; what cannot be read in them logs nobody in.
    if (!(error instanceof GdbmError)) throw error
  }
  return planner.plan()
}

function openIfReadable(path: string): GdbmFile | null {
  try {
    return GdbmFile.openReader(path)
  } catch (error) {
    if (error instanceof GdbmError) return null
    throw error
  }
}

/** The new shadow, with the passwords of removed accounts kept and those of fenced keys left out. */
async function buildBetween(plan: PairPlan, builtShadow: string, between: string): Promise<void> {
  await removeAside(between)
  await copyFile(builtShadow, between, constants.COPYFILE_FICLONE)
  await withFiles([() => GdbmFile.update(between)], async ([file]) => {
    for (const [key, value] of plan.keep) file?.store(Buffer.from(key, 'utf8'), Buffer.from(value, 'utf8'))
    for (const key of plan.fence) file?.remove(Buffer.from(key, 'utf8'))
    file?.sync()
  })
}

async function rename(
  plan: PairPlan,
  files: { live: Pair; aside: Pair; between: string },
  config: TargetConfig,
  world: World,
): Promise<void> {
  const secret = { owner: config.owner, group: config.group, mode: config.shadowMode }
  for (const step of plan.steps) {
    if (step === 'between') await replaceLive(files.between, files.live.shadow, secret, world.now())
    if (step === 'main') await replaceLive(files.aside.main, files.live.main, config, world.now())
    if (step === 'shadow') await replaceLive(files.aside.shadow, files.live.shadow, secret, world.now())
    await world.at(`${step}-renamed`)
    // A lookup that found the old entry must be through before the new password is there.
    if (step === 'main' && plan.fence.length > 0) await world.sleep(FENCE_MS)
  }
}

/** Looks up as Courier does: the entry first, then its shadow. */
function openPairLookup({ main, shadow }: Pair): Lookup {
  const mainFile = GdbmFile.openReader(main)
  const shadowFile = openSecond(mainFile, shadow)
  return {
    counts: () => [mainFile.count(), shadowFile.count()],
    find: ({ key, line }) => {
      const bytes = Buffer.from(key, 'utf8')
      const value = mainFile.fetch(bytes)?.toString('utf8') ?? null
      const secret = shadowFile.fetch(bytes)?.toString('utf8') ?? null
      if (value === null) return null
      const expected = splitUserdb(line)
      // A second tab makes what differs differ from every line.
      return value === expected.main && secret === expected.shadow ? line : `${key}\t${value}\t${secret}`
    },
    has: (key) => mainFile.has(Buffer.from(key, 'utf8')) || shadowFile.has(Buffer.from(key, 'utf8')),
    keys: function* () {
      yield* textKeys(mainFile)
      yield* textKeys(shadowFile)
    },
    spread: ({ line }) => [1, splitUserdb(line).shadow === null ? 0 : 1],
    close: () => {
      mainFile.close()
      shadowFile.close()
    },
  }
}

function openSecond(first: GdbmFile, path: string): GdbmFile {
  try {
    return GdbmFile.openReader(path)
  } catch (error) {
    first.close()
    throw error
  }
}
