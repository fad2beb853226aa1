import { isUtf8 } from 'node:buffer'
import { TreeError } from './fault.js'

/** Reads a text of LF lines one by one and refuses with its file's name and the line's number. Used by every parser of this package. */
export interface LineReader {
  /** The next line without its newline; refuses at the end, naming what was expected. */
  next(expected: string): string
  /** The next line if it matches, as its groups; refuses otherwise. */
  match(pattern: RegExp, expected: string): readonly string[]
  /** The next line without taking it; null at the end. */
  peek(): string | null
  /** Refuses the line taken last. */
  refuse(expected: string, found?: string): never
}

export function readLines(text: string, file: string): LineReader {
  const lines = splitLines(text, file)
  let taken = 0
  const refuse = (expected: string, found = shorten(lines[taken - 1] ?? 'the end')): never => {
    throw new TreeError({ code: 'syntax', file, line: taken, expected, found })
  }
  const next = (expected: string): string => {
    const line = lines[taken++]
    return line ?? refuse(expected, 'the end of the file')
  }
  return {
    next,
    match: (pattern, expected) => pattern.exec(next(expected))?.slice(1) ?? refuse(expected),
    peek: () => lines[taken] ?? null,
    refuse,
  }
}

/** Lines without their newlines. The last one must have one too, or the file was cut off; an empty text has no lines. */
export function splitLines(text: string, file: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.pop() !== '') {
    throw new TreeError({ code: 'syntax', file, line: lines.length + 1, expected: 'a newline at the end', found: 'the end of the file' })
  }
  return lines
}

export function decodeUtf8(bytes: Buffer, file: string): string {
  if (!isUtf8(bytes)) throw new TreeError({ code: 'syntax', file, expected: 'UTF-8', found: 'other bytes' })
  return bytes.toString('utf8')
}

/** Digits only, no sign, no leading zero, and nothing a double can't hold: a number has one way of being written. */
export const COUNT = '(0|[1-9]\\d{0,14})'
export const SHA256 = '([0-9a-f]{64})'

/** Enough of a line to recognise it, too little to give a password hash away. */
function shorten(line: string): string {
  return JSON.stringify(line.length > 24 ? `${line.slice(0, 24)}...` : line)
}
