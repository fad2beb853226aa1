import type { AgentFault } from '../fault.js'
import type { MapFailure, MapState } from './state.js'

const FIRST_MINUTES = 1
const MOST_MINUTES = 60
/** A source that cannot be reached says nothing about the map: the next run simply tries again. */
const NEVER_BACKS_OFF: readonly string[] = ['source_unreachable', 'refused', 'not_published', 'source_insecure', 'backing_off']

/** The failure to remember: of the same published state, each failure doubles the time until the next try, up to an hour. */
export function recordFailure(before: MapFailure | null, fault: AgentFault, root: string | null, now: Date): MapFailure {
  const again = before !== null && before.root === root && before.code === fault.code ? before : null
  const count = (again?.count ?? 0) + 1
  const waitMinutes = Math.min(FIRST_MINUTES * 2 ** Math.min(count - 1, 16), MOST_MINUTES)
  const backsOff = root !== null && !NEVER_BACKS_OFF.includes(fault.code)
  return {
    root,
    step: fault.step,
    code: fault.code,
    reason: fault.message.slice(0, 500),
    count,
    firstAt: again?.firstAt ?? now.toISOString(),
    lastAt: now.toISOString(),
    retryAt: backsOff ? new Date(now.getTime() + waitMinutes * 60_000).toISOString() : null,
  }
}

/** The failure that forbids trying this published state now; null when it may be tried. */
export function holdsBack(state: MapState, root: string, now: Date): MapFailure | null {
  const { failure } = state
  if (failure === null || failure.root !== root || failure.retryAt === null) return null
  return now < new Date(failure.retryAt) ? failure : null
}
