import { compareCursors, parseCursor, parseMapName, renderCursor, type Cursor } from '@muster/domain'
import { compareKeys } from '@muster/maps'
import { readLines, SHA256, type LineReader } from './lines.js'
import { parseCursorLine } from './manifest.js'

import { openSigned, signText, type PinnedKey, type SigningKey } from './signature.js'

/** Where one map stands. */
export interface HeadMap {
  readonly map: string
  readonly cursor: Cursor
  readonly root: string
}

/**
 * What is published now. `issued` is renewed every minute as long as the publisher sees the directory: an old HEAD says that nobody looked
 * since. `cursor` is the directory's own; a map's is the last that changed it, and never later.
 */
export interface Head {
  readonly cursor: Cursor
  /** To the second. */
  readonly issued: Date
  /** In byte order of the names. */
  readonly maps: readonly HeadMap[]
}

export function renderHead(head: Head, key: SigningKey): string {
  const maps = [...head.maps].sort((a, b) => compareKeys(a.map, b.map))
  const lines = maps.map((m) => `map ${m.map} ${renderCursor(m.cursor)} ${m.root}\n`)
  return signText(`muster-head 1\ncursor ${renderCursor(head.cursor)}\nissued ${renderTime(head.issued)}\n${lines.join('')}`, key)
}

/** Checks the signature first and reads only what was signed. Throws a TreeError naming file and line. */
export function parseHead(text: string, pinned: readonly PinnedKey[], file: string): Head {
  const reader = readLines(openSigned(text, pinned, file), file)
  reader.match(/^muster-head 1$/, 'muster-head 1')
  const cursor = parseCursorLine(reader, 'cursor')
  const issued = parseIssued(reader)
  const maps: HeadMap[] = []
  while (reader.peek() !== null) {
    const map = parseHeadMap(reader)
    const before = maps.at(-1)
    if (before !== undefined && compareKeys(before.map, map.map) >= 0) reader.refuse('maps in ascending byte order, each once')
    if (compareCursors(map.cursor, cursor) > 0) reader.refuse(`a cursor up to ${renderCursor(cursor)}`)
    maps.push(map)
  }
  return { cursor, issued, maps }
}

function renderTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}

function parseIssued(reader: LineReader): Date {
  const [text] = reader.match(/^issued (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/, 'issued YYYY-MM-DDTHH:MM:SSZ')
  const issued = new Date(text as string)
  const exists = !Number.isNaN(issued.getTime()) && renderTime(issued) === text
  return exists ? issued : reader.refuse('a time that exists')
}

function parseHeadMap(reader: LineReader): HeadMap {
  const [name, text, root] = reader.match(new RegExp(`^map (\\S+) (\\S+) ${SHA256}$`), 'map NAME CURSOR ROOT')
  if (parseMapName(name as string) === null) reader.refuse('the name of a map')
  const cursor = parseCursor(text as string)
  return { map: name as string, cursor: cursor.ok ? cursor.value : reader.refuse('a cursor LINEAGE-REVISION-NONCE'), root: root as string }
}
