import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The lines of `postmaster.pid` that we use (PostgreSQL, src/include/utils/pidfile.h): the pid, and whether it takes connections. */
export interface PidFile {
  readonly pid: number
  readonly ready: boolean
}

export async function readPidFile(data: string): Promise<PidFile | null> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => null)
  if (text === null) return null
  const lines = text.split('\n')
  const pid = Number(lines[0])
  return Number.isSafeInteger(pid) && pid > 1 ? { pid, ready: lines[7]?.startsWith('ready') ?? false } : null
}

/** Whether that process is the server of this very data folder: the number may have been given to somebody else since. */
export async function isPostmaster(pid: number, data: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return commandLine.split('\0').includes(data)
}

/**
 * Ends a server that outlived the process which started it (kill -9, the OOM killer). A pid file that names some other process is
 * taken away, since PostgreSQL would take that one for a server of its own and refuse to start.
 */
export async function stopOrphan(data: string, onOrphan: (pid: number) => void): Promise<void> {
  const file = await readPidFile(data)
  if (file === null) return
  if (!(await isPostmaster(file.pid, data))) {
    if (isAlive(file.pid)) await rm(join(data, 'postmaster.pid'), { force: true })
    return
  }
  onOrphan(file.pid)
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    signalQuietly(file.pid, signal)
    for (let waited = 0; waited < 30_000; waited += 20) {
      if (!(await isPostmaster(file.pid, data))) return
      await sleep(20)
    }
  }
  throw new Error(`A PostgreSQL server (process ${file.pid}) still runs in ${data} and does not stop: end it, then start again.`)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
