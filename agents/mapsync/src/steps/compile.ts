import { dirname } from 'node:path'
import type { Tree } from '@muster/maptree'
import { AgentFault, inStep } from '../fault.js'
import type { Target } from '../targets/target.js'
import type { SyncContext } from './context.js'
import { guardRoom } from './guards.js'

/** With less than this left, whatever libgdbm says about a failed write, the disk was full. */
const FULL_BYTES = 1_000_000

/** Builds the target's files aside from a tree, whole. */
export async function compileTarget(context: SyncContext, target: Target, tree: Tree): Promise<void> {
  await buildAside(context, target, tree, () => target.compile(tree))
  await context.world.at('compiled')
}

/** Runs what writes the target's files aside, if there is room for those of this tree. */
export async function buildAside({ force, world }: SyncContext, target: Target, tree: Tree, build: () => Promise<void>): Promise<void> {
  const folder = dirname(target.config.path)
  await inStep('compile', async () => {
    await guardRoom('compile', folder, target.neededBytes(tree.manifest), force, world)
    try {
      await build()
    } catch (error) {
      if ((await world.freeBytes(folder)) >= FULL_BYTES) throw error
      const message = error instanceof Error ? error.message : String(error)
      throw new AgentFault('compile', 'disk_full', `${folder} is full: ${message}`, { cause: error })
    }
  })
}
