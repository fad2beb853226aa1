import type { Tree } from '@muster/maptree'
import type { TargetState } from '../state/state.js'
import type { Target } from '../targets/target.js'
import { isWholeDue } from './check.js'
import { buildAside, compileTarget } from './compile.js'
import type { SyncContext } from './context.js'
import { planPatch, type PatchPlan } from './plan-patch.js'
import { probeTarget, type ProbeBase, type Probed } from './probe.js'

/** Files that lie aside, probed. */
export interface Built {
  readonly base: ProbeBase | null
  readonly probed: Probed
  /** What stays true of the files in use because those built are clones of them; null when they were built whole. */
  readonly patched: (Pick<TargetState, 'wholeAt'> & { readonly builtBytes: readonly number[] }) | null
  /** Why no patch came of an attempt to make one; null when there was none or it succeeded. */
  readonly patchFailure: string | null
}

/** What is known of the files in use: the state that the agent left them in, and the tree they were made of. */
export interface InUse {
  readonly applied: TargetState
  readonly base: ProbeBase
}

/**
 * Builds a target's files aside and probes them: from clones of those in use where little changed, else whole. Where the patch fails, be it
 * because the files in use are damaged, the same tree is built whole in the same run.
 */
export async function buildTarget(context: SyncContext, target: Target, inUse: InUse | null, tree: Tree): Promise<Built> {
  const plan = inUse === null ? null : await planPatch(target, inUse, tree)
  if (inUse === null || plan === null) return buildWhole(context, target, inUse?.base ?? null, tree, null)
  try {
    return await buildPatched(context, target, inUse, plan, tree)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    context.world.log.warn({ map: target.config.map, reason }, 'a small change could not be patched in; the map is built whole')
    await target.discard()
    // What was known of the files in use is in doubt: everything is probed.
    return buildWhole(context, target, null, tree, `the files in use could not be patched: ${reason}`)
  }
}

async function buildWhole(
  context: SyncContext,
  target: Target,
  base: ProbeBase | null,
  tree: Tree,
  patchFailure: string | null,
): Promise<Built> {
  await compileTarget(context, target, tree)
  return { base, probed: await probeTarget(target, base, tree, context.world), patched: null, patchFailure }
}

async function buildPatched(
  context: SyncContext,
  target: Target,
  { applied, base }: InUse,
  { changes, builtBytes, patch }: PatchPlan,
  tree: Tree,
): Promise<Built> {
  const { world } = context
  await buildAside(context, target, tree, () => patch(changes, applied.stamps, world))
  await world.at('patched')
  const known = { ...base, changes }
  // The rest of a patched file is as old as the last whole build: the daily look at all of it does not wait for a round without a change.
  const probed = await probeTarget(target, isWholeDue(applied, world) ? null : known, tree, world)
  return { base: known, probed, patched: { wholeAt: applied.wholeAt, builtBytes }, patchFailure: null }
}
