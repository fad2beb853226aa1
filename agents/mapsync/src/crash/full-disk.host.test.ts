import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundleScript, describeWithTools, type BundledScript } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTestFolder } from '../agent.fixture.js'

interface Outcome {
  readonly map: string
  readonly code: string | null
  readonly entries: number
}

/** Each with another room left, so that the write that fails is another one: of the first block, or somewhere in the middle. */
describeWithTools('a disk that fills up while maps are compiled', ['private mounts'], () => {
  let child: BundledScript
  beforeAll(async () => {
    child = await bundleScript(new URL('./full-disk-child.fixture.ts', import.meta.url))
  })
  afterAll(() => child.remove())

  test.each([0, 40, 200, 700])('with %i kB left, the last good maps stay, and later ones come again', async (leftKb) => {
    const work = makeTestFolder()
    const disk = join(work, 'disk')
    mkdirSync(disk)
    const script = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" "$3" "$1" "$4" "$5"'
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', disk, process.execPath, child.file, work, String(leftKb)]
    const { stdout } = await promisify(execFile)('unshare', args)
    const [before, during, after] = JSON.parse(stdout) as [Outcome[], Outcome[], Outcome[]]
    expect(before.map(({ code, entries }) => [code, entries])).toEqual([
      [null, 50],
      [null, 50],
      [null, 50],
    ])
    expect(during.map(({ code, entries }) => [code, entries])).toEqual([
      ['disk_full', 50],
      ['disk_full', 50],
      ['disk_full', 50],
    ])
    // What was built aside is gone again: where there is room for small maps, they are compiled.
    const expected = leftKb > 0 ? [null, 60] : ['disk_full', 50]
    expect(after.map(({ code, entries }) => [code, entries])).toEqual([expected, expected, expected])
    rmSync(work, { recursive: true, force: true })
  })
})
