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

/** An absolute path in its plain form: no `.` or `..`, no double or trailing slash, none of the characters that part fields in a map. */
export function parseStorePath(text: string): Outcome<string, 'path_invalid'> {
  const segments = text.split('/').slice(1)
  if (!text.startsWith('/') || segments.some((s) => s === '' || s === '.' || s === '..')) {
    return refuse('path_invalid', text, 'Give an absolute path without a trailing slash, `.`, `..` or empty parts.')
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020:|\\"\u007f]/.test(text) || text.length > 512) {
    return refuse(
      'path_invalid',
      text,
      'A path has at most 512 characters and no blank, colon, pipe, quote, backslash or control character.',
    )
  }
  return accept(text)
}

/** The part of `path` below `root`, or null when it lies elsewhere. */
export function pathBelow(root: string, path: string): string | null {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null
}
