import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { benchmarks } from './benchmarks/index.js'
import { repository, type Result } from './frame/results.js'

/** Benchmarks fork modules of their own, so it is the build that is run: npm test has made it, and so does npm run build. */
const main = join(repository, 'bench', 'dist', 'main.js')
const EX_UNAVAILABLE = 69

test.for(benchmarks.map((b) => b.name))('%s runs at its smoke size and measures something', { timeout: 180_000 }, (name, { skip }) => {
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run build`)
  const file = join(repository, 'var', 'bench', 'smoke', `${name}.json`)
  rmSync(file, { force: true })
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, name, '--size', 'smoke'], { encoding: 'utf8' })
  if (status === EX_UNAVAILABLE && !process.env['CI']) skip(stderr.trim())
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const { figures } = JSON.parse(readFileSync(file, 'utf8')) as Result
  expect(figures.length).toBeGreaterThan(0)
  expect(figures.filter((f) => !(f.value > 0) || f.pass !== undefined)).toEqual([])
  expect(figures.filter((f) => !stdout.includes(f.id))).toEqual([])
})

test.for(['nothing-of-ours', '--size large', '--runs 0', '--unknown'])('%s is wrong usage, and is told so', (args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args.split(' ')], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
