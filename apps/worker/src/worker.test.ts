import { createLogger } from '@muster/runtime'
import { expect, test } from 'vitest'
import { startWorker } from './worker.js'

const log = createLogger({ name: 'test', level: 'silent' })
const clock = { now: () => Date.UTC(2026, 0, 2) }

test('it purges at once, by the clock it was given', async () => {
  let asked: (now: Date) => void = () => {}
  const purged = new Promise<Date>((resolve) => (asked = resolve))
  const worker = startWorker({ store: { purge: async (now) => (asked(now), { tombstones: 0 }) }, log, clock })
  expect(await purged).toEqual(new Date('2026-01-02T00:00:00Z'))
  await worker.stop()
})

test('a purge that fails is tried again', async () => {
  let tries = 0
  let succeeded = () => {}
  const done = new Promise<void>((resolve) => (succeeded = resolve))
  const purge = async () => {
    tries += 1
    if (tries === 1) throw new Error('the database is restarting')
    succeeded()
    return { tombstones: 1 }
  }
  const worker = startWorker({ store: { purge }, log, clock, purgeEveryMs: 1 })
  await done
  await worker.stop()
  expect(tries).toBeGreaterThan(1)
})

test('stop() waits for the purge under way and starts no other', async () => {
  let finish = () => {}
  let purges = 0
  let began = () => {}
  const started = new Promise<void>((resolve) => (began = resolve))
  const purge = async () => {
    purges += 1
    began()
    await new Promise<void>((resolve) => (finish = resolve))
    return { tombstones: 0 }
  }
  const worker = startWorker({ store: { purge }, log, clock, purgeEveryMs: 1 })
  await started
  let stopped = false
  const stopping = Promise.resolve(worker.stop()).then(() => (stopped = true))
  await new Promise(setImmediate)
  expect(stopped).toBe(false)
  finish()
  await stopping
  expect(purges).toBe(1)
})
