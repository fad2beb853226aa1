import { renderCursor, type Cursor } from '@muster/domain'
import { compareKeys } from '@muster/maps'
import { TreeError } from './fault.js'
import { decodeUtf8, readLines, SHA256, type LineReader } from './lines.js'
import { parseCursorLine, parseMapLine } from './manifest.js'
import { isLine, type KeyChange } from './shard.js'

/**
 * What turns a map at `from` into the same map at `to`. Not signed by itself: whoever applies it compares the root he gets with `root`, and
 * that with the signed HEAD or manifest of `to`.
 */
export interface Delta {
  readonly map: string
  readonly from: Cursor
  readonly to: Cursor
  readonly root: string
  /** In key order, each key once. */
  readonly changes: readonly KeyChange[]
}

/** `<from>..<to>`. */
export function deltaFileName(from: Cursor, to: Cursor): string {
  return `${renderCursor(from)}..${renderCursor(to)}`
}

export function renderDelta(delta: Delta): string {
  const { map, from, to, root } = delta
  const lines = delta.changes.map((c) => (c.line === null ? `-${c.key}\n` : `+${c.line}\n`))
  return `muster-delta 1\nmap ${map}\nfrom ${renderCursor(from)}\nto ${renderCursor(to)}\nroot ${root}\n\n${lines.join('')}`
}

/** Throws a TreeError naming file and line. */
export function parseDelta(bytes: Buffer, keyOfLine: (line: string) => string, file: string): Delta {
  const reader = readLines(decodeUtf8(bytes, file), file)
  reader.match(/^muster-delta 1$/, 'muster-delta 1')
  const map = parseMapLine(reader)
  const from = parseCursorLine(reader, 'from')
  const to = parseCursorLine(reader, 'to')
  const [root] = reader.match(new RegExp(`^root ${SHA256}$`), 'root SHA256')
  reader.match(/^$/, 'an empty line before the changes')
  const changes: KeyChange[] = []
  while (reader.peek() !== null) {
    const change = parseChange(reader, keyOfLine)
    const before = changes.at(-1)
    if (before !== undefined && compareKeys(before.key, change.key) >= 0)
      reader.refuse('keys in ascending byte order, each once', 'another')
    changes.push(change)
  }
  return { map, from, to, root: root as string, changes }
}

function parseChange(reader: LineReader, keyOfLine: (line: string) => string): KeyChange {
  const text = reader.next('+LINE or -KEY')
  const rest = text.slice(1)
  if (!isLine(rest) || (text[0] !== '+' && text[0] !== '-')) return reader.refuse('+LINE or -KEY')
  if (text[0] === '-') return { key: rest, line: null }
  try {
    return { key: keyOfLine(rest), line: rest }
  } catch (error) {
    return reader.refuse('a line of this map', error instanceof Error ? error.message : String(error))
  }
}

/** One delta that does what several in a row do: the last word on each key stands. Refuses where one does not begin at the other's end. */
export function foldDeltas(deltas: readonly [Delta, ...Delta[]]): Delta {
  const last = new Map<string, KeyChange>()
  const first = deltas[0]
  let to = first.from
  for (const delta of deltas) {
    if (delta.map !== first.map || renderCursor(delta.from) !== renderCursor(to)) {
      const [expected, found] = [`${first.map} from ${renderCursor(to)}`, `${delta.map} from ${renderCursor(delta.from)}`]
      throw new TreeError({ code: 'delta_out_of_place', file: deltaFileName(delta.from, delta.to), expected, found })
    }
    for (const change of delta.changes) last.set(change.key, change)
    to = delta.to
  }
  const changes = [...last.values()].sort((a, b) => compareKeys(a.key, b.key))
  return { map: first.map, from: first.from, to, root: (deltas.at(-1) as Delta).root, changes }
}
