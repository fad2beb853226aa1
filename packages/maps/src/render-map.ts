import { compareKeys } from './compare-keys.js'
import type { Entry, MailboxRow, MapKind } from './map-kind.js'

/** A whole map as one text, sorted by keys, each line ended by a newline. Same rows in any order, same bytes. */
export function renderMap(kind: Pick<MapKind<unknown>, 'entriesOf'>, rows: Iterable<MailboxRow>): string {
  const entries: Entry[] = []
  for (const row of rows) for (const entry of kind.entriesOf(row)) entries.push(entry)
  entries.sort((a, b) => compareKeys(a.key, b.key))
  const lines = entries.map((entry) => entry.line)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
