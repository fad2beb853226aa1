import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planState, STATE_CHANGES, STATES, strongestState } from './state.js'

const state = fc.constantFrom(...STATES)

test('the strongest state wins, whoever has it', () => {
  expect(strongestState('active', 'suspended', 'active')).toBe('suspended')
  expect(strongestState('suspended', 'closed', 'active')).toBe('closed')
  expect(strongestState('active', 'active', 'active')).toBe('active')
})

test('resuming the customer does not free a mailbox that was suspended for itself', () => {
  expect(strongestState('active', 'active', 'suspended')).toBe('suspended')
})

test('the order in which states are named does not matter, nor does naming one twice', () => {
  fc.assert(
    fc.property(fc.array(state, { minLength: 1 }), (states) => {
      expect(strongestState(...states.toReversed())).toBe(strongestState(...states))
      expect(strongestState(...states, ...states)).toBe(strongestState(...states))
      expect(states).toContain(strongestState(...states))
    }),
  )
})

test('of several groups the strongest of the strongest is the strongest of all', () => {
  fc.assert(
    fc.property(fc.array(state), fc.array(state), (a, b) => {
      expect(strongestState(strongestState(...a), strongestState(...b))).toBe(strongestState(...a, ...b))
    }),
  )
})

describe('planState', () => {
  test('suspending what is closed leaves it closed, and resuming is the way back from both', () => {
    expect(planState('active', 'suspend')).toBe('suspended')
    expect(planState('closed', 'suspend')).toBe('closed')
    expect(planState('suspended', 'close')).toBe('closed')
    expect(planState('suspended', 'resume')).toBe('active')
    expect(planState('closed', 'resume')).toBe('active')
  })

  test('asked for twice, a change does what it did the first time; none but resume weakens a state', () => {
    fc.assert(
      fc.property(state, fc.constantFrom(...STATE_CHANGES), (before, change) => {
        const after = planState(before, change)
        expect(planState(after, change)).toBe(after)
        expect(change === 'resume' ? 'active' : strongestState(before, after)).toBe(after)
      }),
    )
  })
})
