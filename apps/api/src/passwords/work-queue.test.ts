import { expect, test } from 'vitest'
import { createWorkQueue } from './work-queue.js'

/** Work that ends when it is told to. */
function controlled() {
  const ends: (() => void)[] = []
  const started: number[] = []
  const work = (n: number) => () =>
    new Promise<number>((resolve) => {
      started.push(n)
      ends.push(() => resolve(n))
    })
  return { work, started, endNext: () => ends.shift()?.() }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('runs so many at once, starts the next in order of arrival, and refuses what does not fit into the queue', async () => {
  const queue = createWorkQueue({ concurrency: 2, queueLength: 2 })
  const { work, started, endNext } = controlled()
  const results = [1, 2, 3, 4].map((n) => queue.run(work(n)))
  expect(await queue.run(work(5))).toMatchObject({ ok: false, code: 'hashing_busy' })
  expect(started).toEqual([1, 2])
  expect([queue.running, queue.waiting]).toEqual([2, 2])
  for (let i = 0; i < 4; i++) {
    endNext()
    await settle()
  }
  expect(started).toEqual([1, 2, 3, 4])
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4].map((value) => ({ ok: true, value })))
  expect([queue.running, queue.waiting]).toEqual([0, 0])
})

test('work that fails gives its place back', async () => {
  const queue = createWorkQueue({ concurrency: 1, queueLength: 0 })
  const failing = queue.run(() => Promise.reject(new Error('broken')))
  await expect(failing).rejects.toThrow('broken')
  expect(await queue.run(() => Promise.resolve('next'))).toEqual({ ok: true, value: 'next' })
})
