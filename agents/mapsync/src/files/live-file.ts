import { chmod, chown, lstat, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { lookUpAccount } from './accounts.js'

/** Who may do what with a compiled file. */
export interface Access {
  readonly owner: string | null
  readonly group: string | null
  readonly mode: number
}

/** Where a compiled file is built: in the same folder, so that a rename puts it in place, under a name that no daemon reads. */
export function asideOf(live: string, what = 'new'): string {
  return join(dirname(live), `.${basename(live)}.muster-${what}`)
}

/**
 * Puts a finished file in place of the live one, whole: owner and mode first, then a time of change at least one second later than the
 * old file's, then fsync, rename, fsync of the folder. Courier and Dovecot compare the time's second only, so two swaps in one second
 * must not have the same.
 */
export async function replaceLive(aside: string, live: string, access: Access, now: Date): Promise<void> {
  const before = await lookAtLive(live)
  await chmod(aside, access.mode)
  await chownLike(aside, access, before)
  const seconds = Math.max(Math.floor(now.getTime() / 1000), before === null ? 0 : Math.floor(before.mtimeMs / 1000) + 1)
  await utimes(aside, seconds, seconds)
  await syncPath(aside)
  await rename(aside, live)
  await syncPath(dirname(live))
}

interface Before {
  readonly mtimeMs: number
  readonly uid: number
  readonly gid: number
}

/** A rename would replace a symbolic link by a file, and leave what it points to behind for whoever reads that. */
async function lookAtLive(live: string): Promise<Before | null> {
  try {
    const found = await lstat(live)
    if (found.isSymbolicLink()) throw new Error(`${live} is a symbolic link; name the file itself in the config`)
    if (!found.isFile()) throw new Error(`${live} is not a file`)
    return found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Without a setting the new file belongs to whom the old one did. Where that is not ours to give, a daemon that can't read it must not find out. */
async function chownLike(aside: string, access: Access, before: Before | null): Promise<void> {
  const made = await stat(aside)
  const uid = access.owner === null ? (before?.uid ?? made.uid) : lookUpAccount('passwd', access.owner)
  const gid = access.group === null ? (before?.gid ?? made.gid) : lookUpAccount('group', access.group)
  if (uid !== made.uid || gid !== made.gid) await chown(aside, uid, gid)
}

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export async function removeAside(...paths: string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true })
}
