import type { Tree } from '@muster/maptree'
import type { TargetState } from '../state/state.js'
import type { Target } from '../targets/target.js'
import { areComparable, changesTo, type Base, type EntryChange } from '../targets/tree-changes.js'

/**
 * More than this share of the entries is built whole. In a popmap of a million entries a twentieth took 2 s to patch and the whole 13 s, so the
 * bound is not where the two meet: it is where gathering the changes in memory, and looking each up twice, stops being little.
 */
export const PATCH_SHARE = 0.05
/**
 * A file that patches made this much larger than it was when built whole is built anew, because each clone pays for what it wastes. That
 * takes long: 2,000 patches of 100 values of other lengths made that popmap 6 % larger, so patches need not be counted.
 */
export const PATCH_GROWTH = 1.5

export interface PatchPlan {
  readonly changes: readonly EntryChange[]
  readonly builtBytes: readonly number[]
  readonly patch: NonNullable<Target['patch']>
}

/** Gathers what a patch of the files in use has to change; null where building whole is the better way, or the only one. */
export async function planPatch(
  { patch }: Pick<Target, 'patch'>,
  { applied, base }: { applied: TargetState; base: Base },
  tree: Tree,
): Promise<PatchPlan | null> {
  if (patch === null || !areComparable(base.tree, tree)) return null
  const bytes = applied.stamps.map((stamp) => stamp.bytes)
  const builtBytes = applied.builtBytes ?? bytes
  if (bytes.some((now, file) => now > (builtBytes[file] ?? 0) * PATCH_GROWTH)) return null
  const most = base.tree.manifest.entries * PATCH_SHARE
  const changes: EntryChange[] = []
  for await (const change of changesTo(tree, base)) if (changes.push(change) > most) return null
  return { changes, builtBytes, patch }
}
