import { expect, test } from 'vitest'
import { inParallel } from './files.js'

test('after a failure nothing more begins, and what is under way ends first', async () => {
  const ended: number[] = []
  let begun = 0
  const working = inParallel(
    Array.from({ length: 100 }, (_, i) => i),
    async (i) => {
      begun++
      await new Promise((resolve) => setImmediate(resolve))
      if (i === 3) throw new Error('disk full')
      await new Promise((resolve) => setImmediate(resolve))
      ended.push(i)
    },
  )
  await expect(working).rejects.toThrow('disk full')
  expect(ended).toHaveLength(begun - 1)
  expect(begun).toBeLessThan(100)
})
