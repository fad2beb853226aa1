import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { repository } from './results.js'

/**
 * A folder below var/, which lies where the directory's own data would lie by default: /tmp may be memory, where fsync costs nothing.
 * Other accounts may pass it, because PostgreSQL doesn't run as root.
 */
export async function withScratchFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(repository, 'var', 'bench')
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent)
  const folder = await mkdtemp(join(parent, `run-${process.pid}-`))
  await chmod(folder, 0o711)
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** What runs left behind that were interrupted: their folders bear their process's number. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^run-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10 })
  }
}
