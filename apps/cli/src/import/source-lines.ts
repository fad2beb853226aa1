/** Where something was said: `file` as the operator named it, `line` from 1; of a continued line, its first. */
export interface Place {
  readonly file: string
  readonly line: number
}

export interface SourceLine extends Place {
  readonly text: string
}

/** A line that can't be imported. `reason` is for people and never holds a password hash. */
export interface BadLine extends Place {
  readonly code: BadLineCode | (string & {})
  readonly reason: string
}

/** What the files themselves can be wrong in. The directory adds the codes of its own refusals. */
export type BadLineCode =
  | 'not_utf8'
  | 'control_character'
  | 'continuation_unfinished'
  | 'line_invalid'
  | 'name_without_domain'
  | 'address_invalid'
  | 'duplicate'
  | 'reverse_entry'
  | 'field_not_kept'
  | 'field_invalid'
  | 'password_hash_unsupported'
  | 'passwords_differ'
  | 'login_name_differs'
  | 'mailstore_unknown'
  | 'mailstore_ambiguous'
  | 'mailstore_contradiction'
  | 'popmap_without_userdb'
  | 'column_unknown'
  | 'columns_missing'

/** A step's answer for one line: what it says, or why it can't be used. */
export type LineOutcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly bad: BadLine }

export function badLine(place: Place, code: BadLine['code'], reason: string): { readonly ok: false; readonly bad: BadLine } {
  return { ok: false, bad: { file: place.file, line: place.line, code, reason } }
}

/** `FILE:LINE`, as compilers write it and editors jump to it. */
export function where(place: Place): string {
  return `${place.file}:${place.line}`
}

const NEWLINE = 0x0a
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The lines that mean something: without blank lines and comments (`#` first), and with a line that ends in a backslash joined to
 * the next one, whose leading blanks go (unless the format knows no such thing). A comment is never continued.
 */
export function* readSourceLines(file: string, bytes: Buffer, format = { continued: true }): Generator<LineOutcome<SourceLine>> {
  let open: { place: Place; text: string; fault: { code: BadLineCode; reason: string } | null } | null = null
  for (const { line, raw } of physicalLines(bytes)) {
    const decoded = decodeLine(raw)
    const text = decoded.text
    if (open === null && decoded.fault === null && /^[ \t]*(?:#|$)/.test(text)) continue
    open ??= { place: { file, line }, text: '', fault: null }
    open.fault ??= decoded.fault
    const continued = format.continued && text.endsWith('\\')
    open.text += (open.text === '' ? text : text.trimStart()).slice(0, continued ? -1 : undefined)
    if (continued) continue
    yield finish(open)
    open = null
  }
  if (open !== null) yield badLine(open.place, 'continuation_unfinished', 'The last line ends in a backslash and nothing follows it.')
}

function finish(open: { place: Place; text: string; fault: { code: BadLineCode; reason: string } | null }): LineOutcome<SourceLine> {
  if (open.fault !== null) return badLine(open.place, open.fault.code, open.fault.reason)
  return { ok: true, value: { ...open.place, text: open.text } }
}

function* physicalLines(bytes: Buffer): Generator<{ line: number; raw: Buffer }> {
  let start = 0
  for (let line = 1; start < bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, start)
    yield { line, raw: bytes.subarray(start, end === -1 ? bytes.length : end) }
    start = end === -1 ? bytes.length : end + 1
  }
}

function decodeLine(raw: Buffer): { text: string; fault: { code: BadLineCode; reason: string } | null } {
  try {
    const text = decoder.decode(raw)
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    const control = /[\u0000-\u0008\u000a-\u001f\u007f]/.exec(text)
    return { text, fault: control === null ? null : { code: 'control_character', reason: describeControl(control[0]) } }
  } catch {
    return { text: raw.toString('latin1'), fault: { code: 'not_utf8', reason: 'The line is not UTF-8.' } }
  }
}

function describeControl(character: string): string {
  if (character === '\r') return 'The line holds a carriage return; the daemons take it for a part of the value. Convert the file first.'
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
  return `The line holds a control character (0x${hex}).`
}

/** In the order in which the files were given, and by line. */
export function sortBadLines(bad: readonly BadLine[], files: readonly string[]): BadLine[] {
  const order = new Map(files.map((file, i) => [file, i]))
  return [...bad].sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line)
}
