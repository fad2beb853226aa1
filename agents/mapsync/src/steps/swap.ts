import { renderCursor } from '@muster/domain'
import type { Tree } from '@muster/maptree'
import { inStep } from '../fault.js'
import { readStamps } from '../files/stamp.js'
import type { TargetState } from '../state/state.js'
import type { Target } from '../targets/target.js'
import type { Built } from './build.js'
import type { SyncContext } from './context.js'

/** Puts what was built and probed in place, and says what is now there. */
export async function swapTarget(
  { world }: SyncContext,
  target: Target,
  tree: Tree,
  { base, probed, patched }: Built,
): Promise<TargetState> {
  const stamps = await inStep('swap', async () => {
    await target.swap(base, tree, world)
    const found = await readStamps(target.files)
    if (found === null) throw new Error(`${target.files.join(' or ')} is not there after the swap`)
    return found
  })
  await world.at('swapped')
  const { manifest } = tree
  const now = world.now().toISOString()
  return {
    cursor: renderCursor(manifest.cursor),
    root: manifest.root,
    entries: manifest.entries,
    counts: probed.counts,
    stamps,
    appliedAt: now,
    // A file built whole is as its tree says; a patched one has the rest of its entries from before.
    wholeAt: patched === null || probed.whole ? now : patched.wholeAt,
    ...(patched === null ? {} : { builtBytes: patched.builtBytes }),
  }
}
