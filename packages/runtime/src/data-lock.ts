import { spawnSync } from 'node:child_process'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

export interface DataLock {
  stop(): Promise<void>
}

/** Another process works in this data folder. */
export class DataFolderBusy extends Error {
  constructor(
    readonly dataDir: string,
    readonly holder: string | null,
  ) {
    super(`Another Muster already runs in ${dataDir}${holder === null ? '' : ` (process ${holder})`}.`)
    this.name = 'DataFolderBusy'
  }
}

/** The data folder cannot be made or written by this user. */
export class DataFolderUnusable extends Error {
  constructor(dataDir: string, cause: NodeJS.ErrnoException) {
    super(`The data folder ${dataDir} cannot be used: ${cause.message}.`, { cause })
    this.name = 'DataFolderUnusable'
  }
}

/**
 * Takes the data folder for this process alone. The lock is flock(2) on `muster.lock`: the kernel lets go of it when we end, however we
 * end, so there is nothing stale to clean up. Node cannot call flock itself; util-linux's `flock` locks the open file we hand it, and
 * that lock is the file description's, which stays ours when `flock` has ended.
 */
export async function lockDataFolder(dataDir: string): Promise<DataLock> {
  const file = await openLockFile(dataDir)
  try {
    if (!flock(file)) throw new DataFolderBusy(dataDir, await readHolder(file))
    await file.truncate(0)
    await file.write(`${process.pid}\n`)
    return { stop: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openLockFile(dataDir: string): Promise<FileHandle> {
  try {
    await mkdir(dataDir, { recursive: true })
    return await open(join(dataDir, 'muster.lock'), 'a+', 0o644)
  } catch (error) {
    throw new DataFolderUnusable(dataDir, error as NodeJS.ErrnoException)
  }
}

/** Who has the data folder: the number of a process, or null when nobody has. */
export async function findDataFolderHolder(dataDir: string): Promise<string | null> {
  const file = await open(join(dataDir, 'muster.lock'), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  try {
    return file === null || flock(file, '--shared') ? null : await readHolder(file)
  } finally {
    await file?.close()
  }
}

function flock(file: FileHandle, mode = '--exclusive'): boolean {
  const locked = spawnSync('flock', [mode, '--nonblock', '3'], { stdio: ['ignore', 'ignore', 'pipe', file.fd] })
  if (locked.error) throw new Error('The program flock (package util-linux) is needed to lock the data folder.', { cause: locked.error })
  if (locked.status === 0) return true
  if (locked.status === 1 && locked.stderr.length === 0) return false
  throw new Error(`The data folder cannot be locked: ${locked.stderr.toString().trim()}`)
}

async function readHolder(file: FileHandle): Promise<string | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0)
  return /^(\d+)\n/.exec(buffer.toString('latin1', 0, bytesRead))?.[1] ?? null
}
