import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, testWorld, type TestAgent } from '../agent.fixture.js'
import { linesOf, popmapLine } from '../published.fixture.js'
import type { SyncPoint, World } from '../world.js'
import { startRounds, type RoundEnd, type Rounds } from './rounds.js'

const HOUR_MS = 3_600_000
let agent: TestAgent
let rounds: Rounds
let ends: RoundEnd[]
/** What is to be done at the points of a round. */
let at: (point: SyncPoint) => void | Promise<void>

beforeEach(() => {
  agent = makeTestAgent(['popmap'])
  ends = []
  at = () => {}
})
afterEach(async () => {
  await rounds.stop()
  agent.remove()
})

const worldOf = (stopping: AbortSignal): World => testWorld({ stopping, at: (point) => at(point) })
const start = () => (rounds = startRounds({ config: agent.config, worldOf, everyMs: HOUR_MS, onEnd: (end) => ends.push(end) }))
const publish = (revision: number) => agent.published.publish({ popmap: linesOf(3, (n) => popmapLine(n, `ms${revision}`)) }, { revision })
const storeInUse = () => readGdbm(agent.path('popmap.db')).get('user1@example.net')?.slice(0, 3)

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setImmediate(resolve))
}

/** Holds the next round at a point: `reached` tells, `goOn` lets it go. */
function holdAt(point: SyncPoint): { reached: Promise<void>; goOn: () => void } {
  let goOn: () => void = () => {}
  const released = new Promise<void>((resolve) => (goOn = resolve))
  const reached = new Promise<void>((resolve) => {
    at = (passed) => {
      if (passed !== point) return
      at = () => {}
      resolve()
      return released
    }
  })
  return { reached, goOn }
}

test('it begins with a round, and does the next when it is woken', async () => {
  await publish(1)
  start()
  await until(() => ends.length === 1)
  expect(storeInUse()).toBe('ms1')
  expect(ends[0]).toMatchObject({ head: expect.stringMatching(/^1-1-/) as string, exitCode: 0 })
  await publish(2)
  rounds.wake(null)
  await until(() => ends.length === 2)
  expect(storeInUse()).toBe('ms2')
})

test('however often it is woken while a round is under way, it does exactly one more', async () => {
  await publish(1)
  const held = holdAt('state-written')
  start()
  await held.reached
  for (const revision of [2, 3]) {
    await publish(revision)
    rounds.wake(null)
  }
  held.goOn()
  await until(() => ends.length === 2)
  for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
  await rounds.stop()
  expect(ends).toHaveLength(2)
  expect(storeInUse()).toBe('ms3')
})

describe('when it is to end during a round', () => {
  test.each([
    ['pulled', 'ms1'],
    ['staged', 'ms1'],
    ['compiled', 'ms2'],
    ['probed', 'ms2'],
    ['file-renamed', 'ms2'],
  ] as const)('at the point %s, the file in use is whole and the next round goes on', async (point, inUse) => {
    await publish(1)
    await agent.sync()
    await publish(2)
    const held = holdAt(point)
    start()
    await held.reached
    const stopped = rounds.stop()
    held.goOn()
    await stopped
    expect(storeInUse()).toBe(inUse)
    expect((await agent.sync()).exitCode).toBe(0)
    expect(storeInUse()).toBe('ms2')
  })
})

test('a round that cannot be done does not end it', async () => {
  start()
  await until(() => ends.length === 1)
  expect(ends[0]).toMatchObject({ head: null, exitCode: 4 })
  await publish(1)
  rounds.wake(null)
  await until(() => ends.length === 2)
  expect(storeInUse()).toBe('ms1')
})
