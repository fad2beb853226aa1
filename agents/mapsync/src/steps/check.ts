import type { Tree } from '@muster/maptree'
import { readStamps, sameStamps } from '../files/stamp.js'
import type { TargetState } from '../state/state.js'
import type { Target } from '../targets/target.js'
import type { World } from '../world.js'
import { probeSample, probeWhole, WHOLE_ENTRIES } from './probe.js'

const WHOLE_EVERY_MS = 24 * 3_600_000

/** Whether the files have gone a day without being compared whole with their tree. */
export function isWholeDue(applied: TargetState, world: Pick<World, 'now'>): boolean {
  return world.now().getTime() - new Date(applied.wholeAt).getTime() >= WHOLE_EVERY_MS
}

export interface Checked {
  /** What is wrong with the files in use; null when nothing is. */
  readonly wrong: string | null
  readonly whole: boolean
}

/**
 * Whether the files in use still say what their tree says: they are the very files that were put there, and looked up they answer as they
 * should; a sample of a large map each time, the whole of it once a day, the whole of a small one always.
 */
export async function checkTarget(target: Target, applied: TargetState, tree: Tree, world: World): Promise<Checked> {
  const stamps = await readStamps(target.files)
  if (stamps === null) return { wrong: 'a compiled file is gone', whole: false }
  if (!sameStamps(stamps, applied.stamps)) return { wrong: 'a compiled file was changed or replaced by something else', whole: false }
  const whole = isWholeDue(applied, world) || tree.manifest.entries <= WHOLE_ENTRIES
  try {
    if (whole) await probeWhole(target, tree, 'live')
    else await sampleLive(target, tree, world)
    return { wrong: null, whole }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error), whole: false }
  }
}

async function sampleLive(target: Target, tree: Tree, world: World): Promise<void> {
  const lookup = target.openLookup('live')
  if (lookup === null) return
  try {
    await probeSample(lookup, tree, world)
  } finally {
    lookup.close()
  }
}
