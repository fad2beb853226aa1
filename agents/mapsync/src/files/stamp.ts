import { stat } from 'node:fs/promises'
import type { FileStamp } from '../state/state.js'

/** Null when there is no such file. */
export async function readStamp(path: string): Promise<FileStamp | null> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return { inode: String(ino), bytes: Number(size), mtimeNs: String(mtimeNs) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The stamps of all files; null when one is missing. */
export async function readStamps(paths: readonly string[]): Promise<FileStamp[] | null> {
  const stamps = await Promise.all(paths.map(readStamp))
  return stamps.every((stamp) => stamp !== null) ? stamps : null
}

export function sameStamps(a: readonly FileStamp[] | null, b: readonly FileStamp[]): boolean {
  if (a === null || a.length !== b.length) return false
  return a.every(({ inode, bytes, mtimeNs }, i) => inode === b[i]?.inode && bytes === b[i].bytes && mtimeNs === b[i].mtimeNs)
}
