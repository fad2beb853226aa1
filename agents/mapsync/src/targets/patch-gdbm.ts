import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { removeAside } from '../files/live-file.js'
import { readStamp, sameStamps } from '../files/stamp.js'
import { GdbmFile } from '../gdbm/gdbm-file.js'
import type { FileStamp } from '../state/state.js'

/** What one GDBM file says of a key, before and after; null where it is absent. */
export interface ValueChange {
  readonly key: string
  readonly before: string | null
  readonly now: string | null
}

/**
 * Copies a live file aside: by reflink where the file system has that, and else as the kernel copies, which costs a rewrite of the file and
 * not of its entries. The stamp is looked at afterwards, because nothing keeps another tool from writing meanwhile.
 */
export async function cloneLive(live: string, aside: string, stamp: FileStamp): Promise<void> {
  await removeAside(aside)
  await copyFile(live, aside, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  const found = await readStamp(live)
  if (found === null || !sameStamps([found], [stamp])) throw new Error(`${live} was changed while it was copied`)
}

/**
 * gdbmdefs.h: where the header says at which offset the file ends. libgdbm 1.23 checks the rest of a header, but takes an end far behind the
 * file's as it is, and writes zeros up to there: one flipped bit would fill the disk.
 */
const NEXT_BLOCK_OFFSET = 32
/** Between the last block that was given out and what has been written of it; more than any directory or value here takes. */
const END_SLACK_BYTES = 16_777_216

/** Applies the changes to a clone, down to the disk. Refuses a clone that does not say of each key what was to be there before. */
export function patchGdbm(clone: string, changes: Iterable<ValueChange>): void {
  refuseWildEnd(clone)
  const file = GdbmFile.update(clone)
  try {
    for (const change of changes) patchValue(file, change)
    file.sync()
  } finally {
    file.close()
  }
}

function refuseWildEnd(clone: string): void {
  const fd = openSync(clone, 'r')
  try {
    const header = Buffer.alloc(NEXT_BLOCK_OFFSET + 8)
    readSync(fd, header, 0, header.length, 0)
    const end = endianness() === 'LE' ? header.readBigInt64LE(NEXT_BLOCK_OFFSET) : header.readBigInt64BE(NEXT_BLOCK_OFFSET)
    if (end > fstatSync(fd).size + END_SLACK_BYTES) throw new Error(`${clone} has a header that names an end far behind the file's`)
  } finally {
    closeSync(fd)
  }
}

/** The message names no key: it goes into log and report. */
function patchValue(file: GdbmFile, { key, before, now }: ValueChange): void {
  if (before === now) return
  const bytes = Buffer.from(key, 'utf8')
  if ((file.fetch(bytes)?.toString('utf8') ?? null) !== before) throw new Error(`${file.path} does not hold what it was made of`)
  if (now === null) file.remove(bytes)
  else file.store(bytes, Buffer.from(now, 'utf8'), before !== null)
}
