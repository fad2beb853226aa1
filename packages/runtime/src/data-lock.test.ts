import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DataFolderBusy, DataFolderUnusable, lockDataFolder } from './data-lock.js'

const folder = mkdtempSync(join(tmpdir(), 'muster-lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a second one is refused and told who holds the folder; after the first let go it gets in', async () => {
  const dataDir = join(folder, 'two')
  const first = await lockDataFolder(dataDir)
  await expect(lockDataFolder(dataDir)).rejects.toThrow(new DataFolderBusy(dataDir, String(process.pid)))
  await first.stop()
  const second = await lockDataFolder(dataDir)
  await second.stop()
})

test('a folder that cannot be made is refused by its name', async () => {
  const dataDir = join(import.meta.filename, 'below-a-file')
  await expect(lockDataFolder(dataDir)).rejects.toThrow(DataFolderUnusable)
  await expect(lockDataFolder(dataDir)).rejects.toThrow(dataDir)
})

test('of many that try at once exactly one gets in', async () => {
  const dataDir = join(folder, 'many')
  const tries = await Promise.allSettled(Array.from({ length: 16 }, () => lockDataFolder(dataDir)))
  const held = tries.filter((one) => one.status === 'fulfilled')
  expect(held).toHaveLength(1)
  for (const one of held) await one.value.stop()
})

test('the lock of a process that was killed is gone with it, and a child it left behind does not keep it', async () => {
  const dataDir = join(folder, 'killed')
  const first = await lockDataFolder(dataDir)
  await first.stop()
  // A process that locks as we do, starts a child of its own, and is killed hard.
  const script = `
    const { spawn, spawnSync } = require('node:child_process')
    const fd = require('node:fs').openSync(${JSON.stringify(join(dataDir, 'muster.lock'))}, 'a+')
    if (spawnSync('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status !== 0) process.exit(1)
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
    console.log(child.pid)
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(holder.stdout, 'data')) as [Buffer]
  await expect(lockDataFolder(dataDir)).rejects.toThrow(DataFolderBusy)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const next = await lockDataFolder(dataDir)
  await next.stop()
  process.kill(Number(line.toString()))
})
