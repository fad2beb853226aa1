import { compareKeys } from './compare-keys.js'
import type { Entry, MailboxRow, MapKind } from './map-kind.js'

/** A whole map as one text, sorted by keys, each line ended by a newline. Same rows in any order, same bytes. */
export function renderMap(kind: Pick<MapKind<unknown>, 'entriesOf'>, rows: Iterable<MailboxRow>): string {
  const entries: Entry[] = []
  for (const row of rows) entries.push(...kind.entriesOf(row))
  entries.sort((a, b) => compareKeys(a.key, b.key))
  return entries.map((entry) => `${entry.line}\n`).join('')
}
