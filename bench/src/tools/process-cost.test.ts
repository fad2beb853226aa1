import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { cpuOfTree, parseStat, peakMemoryOfTree } from './process-cost.js'

test('reads CPU times after a command whose name holds brackets and blanks', () => {
  const stat = '4711 (a) b (c) S 17 4711 4711 0 -1 4194304 100 0 0 0 250 50 7 3 20 0 1 0 100 1000 10'
  expect(parseStat(stat)).toEqual({ pid: 4711, parent: 17, cpuMs: 3_000, endedChildrenCpuMs: 100 })
})

test('counts what a child used that has ended', async () => {
  const before = await cpuOfTree(process.pid)
  spawnSync(process.execPath, ['-e', 'const end = Date.now() + 300; while (Date.now() < end);'])
  expect(await cpuOfTree(process.pid)).toBeGreaterThanOrEqual(before + 100)
})

test('knows the peak memory of a process, and nothing of one that is gone', () => {
  const own = peakMemoryOfTree(process.pid)
  expect(own.get(process.pid)).toBeGreaterThan(process.memoryUsage.rss() * 0.9)
  expect(peakMemoryOfTree(2 ** 30)).toEqual(new Map())
})

test('finds the memory of a child of a child', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 5 & echo started; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  await once(child.stdout, 'data')
  try {
    expect(peakMemoryOfTree(child.pid as number).size).toBe(2)
  } finally {
    process.kill(-(child.pid as number))
  }
})
