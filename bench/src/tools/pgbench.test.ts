import { expect, test } from 'vitest'
import { readRate } from './pgbench.js'

const output = (failed: number) => `transaction type: pgbench.sql
number of transactions actually processed: 4002
number of failed transactions: ${failed} (0.000%)
initial connection time = 5.123 ms
tps = 1334.115031 (without initial connection time)
`

test('takes the rate from what pgbench prints', () => {
  expect(readRate(output(0))).toBe(1334.115031)
})

test('a run with failed transactions, or without a rate, is no measurement', () => {
  expect(() => readRate(output(3))).toThrow('pgbench did not finish')
  expect(() => readRate('pgbench: error: connection refused')).toThrow('connection refused')
})
