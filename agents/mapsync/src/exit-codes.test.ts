import { readFileSync } from 'node:fs'
import { EXIT } from '@muster/runtime'
import { expect, test } from 'vitest'
import { EXIT_CODES, EXIT_MEANINGS } from './exit-codes.js'

const reference = readFileSync(new URL('../../../docs/operations/agent.md', import.meta.url), 'utf8')

test('every code has a number of its own, and those up to 9 are shared with muster', () => {
  const numbers = Object.values(EXIT_CODES)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(numbers.filter((n) => n < 10).toSorted()).toEqual(Object.values(EXIT).toSorted())
})

test('the reference has every code as it is', () => {
  const rows = Object.entries(EXIT_CODES).map(
    ([name, code]) => `| ${code} | \`${name}\` | ${EXIT_MEANINGS[name as keyof typeof EXIT_CODES]} |`,
  )
  expect(reference.split('\n').filter((line) => /^\| \d+ \| `/.test(line))).toEqual(rows)
})
