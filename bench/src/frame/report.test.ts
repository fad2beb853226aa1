import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { fillPage, performancePage } from './report.js'
import { readResults, storedResults, type Result } from './results.js'

const result: Result = {
  name: 'creates',
  machine: { cpu: 'Some CPU', cores: 2, memoryGiB: 24, kernel: '6.1' },
  node: '20.20.2',
  commit: 'abc',
  at: '2026-11-22T13:00:00.000Z',
  loadBefore: 7.2,
  figures: [
    {
      id: 'ours',
      value: 1234.5,
      unit: 'per second',
      low: 1000,
      high: 1500,
      samples: 5,
      ratio: 0.51,
      against: 'theirs',
      target: { of: 'ratio', is: 'at least', bound: 0.5 },
      pass: true,
    },
  ],
}

test('the table of a result replaces what stood between its markers, and nothing else', () => {
  const page = 'before\n<!-- bench creates -->\nold\n<!-- end -->\nafter\n'
  const filled = fillPage(page, [result])
  expect(filled).toContain('| ours | 1,235 /s | 1,000 /s to 1,500 /s (5) | 0.51 × theirs | pass (at least 0.5 ×) |')
  expect(filled).toContain('not quiet: load average 7.2')
  expect(filled).toMatch(/^before\n/)
  expect(filled).toMatch(/\nafter\n$/)
  expect(filled).not.toContain('old')
  expect(fillPage(filled, [result])).toBe(filled)
})

test('neither a result without a place nor a place without a result goes unseen', () => {
  expect(() => fillPage('nothing', [result])).toThrow('creates')
  expect(() => fillPage('<!-- bench other -->\n<!-- end -->', [])).toThrow('other')
})

test('the tables of docs/performance.md say what the stored results say', async () => {
  const page = await readFile(performancePage, 'utf8')
  expect(fillPage(page, await readResults(storedResults)), 'npm run bench -- --report writes them anew').toBe(page)
})
