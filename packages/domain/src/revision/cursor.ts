import { accept, refuse, type Outcome } from '../outcome.js'

/**
 * A place in the directory's history. `lineage` counts the histories an operator accepted (a restore starts the next one),
 * `revision` is dense within a lineage, and `nonce` (16 hex digits) was drawn for that one revision, so that a restored database
 * which reached the same number by other changes is told apart.
 */
export interface Cursor {
  readonly lineage: number
  readonly revision: number
  readonly nonce: string
}

/** `1-7-9f3ca1b2c3d4e5f6`: fit for a file name and a URL. */
export function renderCursor(cursor: Cursor): string {
  return `${cursor.lineage}-${cursor.revision}-${cursor.nonce}`
}

export function parseCursor(text: string): Outcome<Cursor, 'cursor_invalid'> {
  const match = /^([1-9]\d{0,8})-(0|[1-9]\d{0,14})-([0-9a-f]{16})$/.exec(text)
  if (!match) return refuse('cursor_invalid', text, 'A cursor reads LINEAGE-REVISION-NONCE, such as 1-7-9f3ca1b2c3d4e5f6.')
  return accept({ lineage: Number(match[1]), revision: Number(match[2]), nonce: match[3] as string })
}

/** Negative when `a` comes before `b`. A later lineage is after every revision of an earlier one. */
export function compareCursors(a: Cursor, b: Cursor): number {
  return a.lineage - b.lineage || a.revision - b.revision
}
