import { expect, test } from 'vitest'
import { createWakeSignal } from './wake-signal.js'

const FAR = 2_000_000_000
const never = () => new AbortController().signal

test('notify() wakes everybody who waits, long before their time is up', async () => {
  const signal = createWakeSignal()
  const waiting = Promise.all([signal.next(FAR, never()), signal.next(FAR, never())])
  signal.notify()
  expect(await waiting).toHaveLength(2)
})

test('a waiter goes on when its time is up, and when its caller is gone', async () => {
  const signal = createWakeSignal()
  await signal.next(1, never())
  const gone = new AbortController()
  const waiting = signal.next(FAR, gone.signal)
  gone.abort()
  await waiting
  await signal.next(FAR, gone.signal)
  expect(gone.signal.aborted).toBe(true)
})

test('closing lets everybody go, later ones as well', async () => {
  const signal = createWakeSignal()
  const waiting = signal.next(FAR, never())
  signal.close()
  await waiting
  await signal.next(FAR, never())
  expect(signal.closed).toBe(true)
})
