import { renderCursor } from '@muster/domain'
import type { Tree } from '@muster/maptree'
import { readStamps, sameStamps } from '../files/stamp.js'
import type { TargetState } from '../state/state.js'
import type { Target } from '../targets/target.js'
import { buildTarget, type InUse } from './build.js'
import { checkTarget } from './check.js'
import type { SyncContext } from './context.js'
import { readKept } from './keep.js'
import { swapTarget } from './swap.js'

export interface Applied {
  /** Whether files were swapped. */
  readonly changed: boolean
  /** What was found wrong with the files in use, and has been put right. */
  readonly repaired: string | null
}

/** Brings one target to a tree: build aside, probe, swap; or, where it is there already, a look whether it still is. */
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
  const inUse = applied === undefined || checked !== null ? null : await findInUse(context, target, applied, tree)
  try {
    const built = await buildTarget(context, target, inUse, tree)
    state.targets[path] = await swapTarget(context, target, tree, built)
    return { changed: true, repaired: checked?.wrong ?? built.patchFailure }
  } finally {
    await target.discard()
  }
}

/** The tree the files in use were compiled from, when they are still the files that were put there. */
async function findInUse({ config }: SyncContext, target: Target, applied: TargetState, tree: Tree): Promise<InUse | null> {
  if (!sameStamps(await readStamps(target.files), applied.stamps)) return null
  const kept = await readKept(tree.spec, applied.cursor, config.publisherKeys)
  if (kept === null || kept.manifest.root !== applied.root) return null
  return { applied, base: { tree: kept, counts: applied.counts, changes: null } }
}
