import { createHash } from 'node:crypto'
import type { Address } from '../address/parse-address.js'
import { accept, refuse, type Outcome } from '../outcome.js'

/**
 * The path of a mailbox below its mailstore's root, such as `12/34/tevie@example.net`: two levels of one hundred folders each, so
 * that a million mailboxes leave a hundred entries a folder. Depends on the address alone.
 */
export function planHomePath(address: Address): string {
  const digest = createHash('sha256').update(address).digest()
  const level = (offset: number) => String(digest.readUInt16BE(offset) % 100).padStart(2, '0')
  return `${level(0)}/${level(2)}/${address}`
}

/** Where in its home a Maildir lies when nothing else is said. */
export const DEFAULT_MAILDIR = 'Maildir'

const MAX_PATH = 512
/** NAME_MAX of every file system a Maildir lies on. */
const MAX_SEGMENT_BYTES = 255

/**
 * An absolute path in its plain form: no `.` or `..`, no double or trailing slash, none of the characters that part fields in a map
 * or that a daemon expands (Dovecot expands `%`, and more than once).
 */
export function parseStorePath(text: string): Outcome<string, 'path_invalid'> {
  const bad = (detail: string) => refuse('path_invalid' as const, text, detail)
  const segments = text.split('/').slice(1)
  if (!text.startsWith('/') || segments.some((s) => s === '' || s === '.' || s === '..')) {
    return bad('Give an absolute path without a trailing slash, `.`, `..` or empty parts.')
  }
  if (text.length > MAX_PATH || /[:|%\\"\p{Separator}\p{Control}\p{Surrogate}]/u.test(text)) {
    return bad('A path has at most 512 characters and no blank, colon, pipe, percent sign, quote, backslash or control character.')
  }
  if (segments.some((s) => Buffer.byteLength(s, 'utf8') > MAX_SEGMENT_BYTES)) return bad('Each part of a path has at most 255 bytes.')
  return accept(text)
}

/** The part of `path` below `root`, or null when it lies elsewhere. */
export function pathBelow(root: string, path: string): string | null {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null
}
