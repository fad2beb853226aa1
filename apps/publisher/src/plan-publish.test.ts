import type { Cursor } from '@muster/domain'
import { expect, test } from 'vitest'
import { isStale, latestCursor, planPublish } from './plan-publish.js'

const at = (revision: number, lineage = 1, nonce = '000000000000000a'): Cursor => ({ lineage, revision, nonce })
const facts = { published: at(7), claimed: at(7), head: at(9), holdsClaimed: true }

test('goes on from the last complete pass', () => {
  expect(planPublish(facts)).toEqual({ do: 'patch', since: 7 })
  expect(planPublish({ ...facts, head: at(7) })).toEqual({ do: 'patch', since: 7 })
})

test('a pass that was cut off is done again from where the last complete one ended', () => {
  expect(planPublish({ ...facts, claimed: at(9) })).toEqual({ do: 'patch', since: 7 })
})

test('renders everything where nothing is known', () => {
  expect(planPublish({ ...facts, published: null, claimed: null })).toEqual({ do: 'whole' })
  expect(planPublish({ ...facts, published: null })).toEqual({ do: 'whole' })
})

test('waits when the directory is behind what hosts have seen', () => {
  expect(planPublish({ ...facts, head: at(6) })).toEqual({ do: 'wait' })
  expect(planPublish({ ...facts, claimed: at(9), head: at(8) })).toEqual({ do: 'wait' })
})

test('waits when the directory passed that number by other changes', () => {
  expect(planPublish({ ...facts, holdsClaimed: false })).toEqual({ do: 'wait' })
  expect(planPublish({ ...facts, head: at(7, 1, '000000000000000b'), holdsClaimed: false })).toEqual({ do: 'wait' })
})

test('a lost publisher.json does not make a restored directory pass', () => {
  expect(planPublish({ ...facts, published: null, holdsClaimed: false })).toEqual({ do: 'wait' })
})

test('a lower lineage waits whatever its revision; a higher one is rendered whole whatever its revision', () => {
  expect(planPublish({ ...facts, claimed: at(7, 2), head: at(900, 1), holdsClaimed: false })).toEqual({ do: 'wait' })
  expect(planPublish({ ...facts, head: at(3, 2), holdsClaimed: false })).toEqual({ do: 'whole' })
})

test('a first pass of a lineage that was cut off is rendered whole again', () => {
  expect(planPublish({ ...facts, claimed: at(8, 2), head: at(9, 2) })).toEqual({ do: 'whole' })
})

test('the latest cursor is of the highest lineage', () => {
  expect(latestCursor([at(7), at(3, 2), at(9)])).toEqual(at(3, 2))
  expect(latestCursor([])).toBeNull()
})

test('a changed mailstore makes its own maps stale and those of all mailstores, a new one none', () => {
  const known = (mailstore: string) => mailstore === 'ms1'
  expect(isStale({ kind: 'popmap', mailstore: null }, ['ms1'], known)).toBe(true)
  expect(isStale({ kind: 'userdb', mailstore: 'ms1' }, ['ms1'], known)).toBe(true)
  expect(isStale({ kind: 'userdb', mailstore: 'ms2' }, ['ms1'], known)).toBe(false)
  expect(isStale({ kind: 'popmap', mailstore: null }, ['ms9'], known)).toBe(false)
})
