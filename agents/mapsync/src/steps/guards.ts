import { compareCursors, renderCursor, type Cursor } from '@muster/domain'
import type { ShrinkLimit } from '../config/agent-config.js'
import type { Guard } from '../exit-codes.js'
import { AgentFault, type StepName } from '../fault.js'
import type { World } from '../world.js'

/** Free space has to be this many times what is about to be written: the old and the new file lie side by side, and others write too. */
const ROOM = 2.5

/** Says whether an offered cursor starts a new lineage; refuses one that is behind what this host has had, or of another history. */
export function guardCursor(highest: Cursor | null, offered: Cursor, force: ReadonlySet<Guard>): { newLineage: boolean } {
  if (highest === null) return { newLineage: false }
  const order = compareCursors(offered, highest)
  const forked = order === 0 && offered.nonce !== highest.nonce
  if ((order < 0 || forked) && !force.has('older')) {
    const why = forked ? 'the same revision of another history' : 'an older revision'
    throw new AgentFault('pull', 'older', `the source offers ${renderCursor(offered)}, ${why}: this host has had ${renderCursor(highest)}`)
  }
  return { newLineage: offered.lineage > highest.lineage }
}

/** `before` is the number of entries in use: losing them all, or many at once, is more likely a fault than a wish. */
export function guardSize(before: number, now: number, limit: ShrinkLimit, force: ReadonlySet<Guard>): void {
  const lost = before - now
  if (now === 0 && before > 0) {
    if (force.has('empty')) return
    throw new AgentFault('pull', 'empty', `the published map is empty; the one in use has ${before} entries`)
  }
  if (lost > limit.entries && lost > before * limit.share && !force.has('shrunk')) {
    const limits = `${limit.share * 100} % and ${limit.entries} entries`
    throw new AgentFault('pull', 'shrunk', `the published map has ${now} entries, the one in use ${before}: more than ${limits} fewer`)
  }
}

export async function guardRoom(step: StepName, folder: string, bytes: number, force: ReadonlySet<Guard>, world: World): Promise<void> {
  if (force.has('disk') || bytes === 0) return
  const free = await world.freeBytes(folder)
  if (free >= bytes * ROOM) return
  const [needed, found] = [bytes * ROOM, free].map((n) => `${Math.ceil(n / 1_000_000)} MB`)
  throw new AgentFault(step, 'disk_full', `${folder} has ${found} free; ${needed} are needed`)
}
