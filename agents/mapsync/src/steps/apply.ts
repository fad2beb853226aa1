import { renderCursor } from '@muster/domain'
import type { Tree } from '@muster/maptree'
import { readStamps, sameStamps } from '../files/stamp.js'
import type { TargetState } from '../state/state.js'
import type { Target } from '../targets/target.js'
import { checkTarget } from './check.js'
import { compileTarget } from './compile.js'
import type { SyncContext } from './context.js'
import { readKept } from './keep.js'
import { probeTarget, type ProbeBase } from './probe.js'
import { swapTarget } from './swap.js'

export interface Applied {
  /** Whether files were swapped. */
  readonly changed: boolean
  /** What was found wrong with the files in use, and has been put right. */
  readonly repaired: string | null
}

/** Brings one target to a tree: compile aside, probe, swap; or, where it is there already, a look whether it still is. */
export async function applyTarget(context: SyncContext, target: Target, tree: Tree): Promise<Applied> {
  const { state, world } = context
  const { path } = target.config
  const applied = state.targets[path]
  const checked = applied?.root === tree.manifest.root ? await checkTarget(target, applied, tree, world) : null
  if (applied !== undefined && checked?.wrong === null) {
    const wholeAt = checked.whole ? world.now().toISOString() : applied.wholeAt
    state.targets[path] = { ...applied, cursor: renderCursor(tree.manifest.cursor), wholeAt }
    return { changed: false, repaired: null }
  }
  const base = applied === undefined || checked !== null ? null : await findBase(context, target, applied, tree)
  try {
    await compileTarget(context, target, tree)
    const probed = await probeTarget(target, base, tree, world)
    state.targets[path] = await swapTarget(context, target, base?.tree ?? null, tree, probed)
  } finally {
    await target.discard()
  }
  return { changed: true, repaired: checked?.wrong ?? null }
}

/** The tree the files in use were compiled from, when they are still the files that were put there. */
async function findBase({ config }: SyncContext, target: Target, applied: TargetState, tree: Tree): Promise<ProbeBase | null> {
  if (!sameStamps(await readStamps(target.files), applied.stamps)) return null
  const kept = await readKept(tree.spec, applied.cursor, config.publisherKeys)
  return kept !== null && kept.manifest.root === applied.root ? { tree: kept, counts: applied.counts } : null
}
