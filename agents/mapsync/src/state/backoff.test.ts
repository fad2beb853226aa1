import { expect, test } from 'vitest'
import { AgentFault } from '../fault.js'
import { holdsBack, recordFailure } from './backoff.js'
import type { MapFailure } from './state.js'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 13, minute))
const fault = new AgentFault('compile', 'compile_failed', 'it broke')
const held = (failure: MapFailure, root: string, minute: number) =>
  holdsBack({ highest: null, failure, pinned: null }, root, at(minute)) !== null

test('each failure of the same state doubles the wait, up to an hour', () => {
  let failure: MapFailure | null = null
  const waits: number[] = []
  for (let n = 0; n < 9; n++) {
    failure = recordFailure(failure, fault, 'r1', at(0))
    waits.push((new Date(failure.retryAt ?? 0).getTime() - at(0).getTime()) / 60_000)
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  expect(failure?.count).toBe(9)
})

test('a state is held back until its time, and another one is not', () => {
  const failure = recordFailure(recordFailure(null, fault, 'r1', at(0)), fault, 'r1', at(10))
  expect(held(failure, 'r1', 11)).toBe(true)
  expect(held(failure, 'r1', 12)).toBe(false)
  expect(held(failure, 'r2', 11)).toBe(false)
})

test('another state or another fault begins to count anew', () => {
  const first = recordFailure(null, fault, 'r1', at(0))
  expect(recordFailure(first, fault, 'r2', at(1))).toMatchObject({ count: 1, firstAt: at(1).toISOString() })
  expect(recordFailure(first, new AgentFault('probe', 'probe_failed', 'x'), 'r1', at(1)).count).toBe(1)
})

test('a source that cannot be reached holds nothing back', () => {
  const failure = recordFailure(null, new AgentFault('pull', 'source_unreachable', 'nobody there'), 'r1', at(0))
  expect(failure.retryAt).toBeNull()
  expect(held(failure, 'r1', 0)).toBe(false)
})
