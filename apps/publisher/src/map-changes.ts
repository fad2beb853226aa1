import type { Address } from '@muster/domain'
import type { MailboxRow } from '@muster/maps'
import type { FeedChanges } from '@muster/store'
import type { PublishedMap } from './map-set.js'

/**
 * What changed mailboxes do to one map: every key they may ever have had goes, and what their rows say now comes. A mailbox concerns the map
 * of a mailstore when it is there now or was before one of its changes. Rows are the current ones, so doing it again changes nothing.
 */
export function planMapChanges(
  map: Pick<PublishedMap, 'ref' | 'kind'>,
  mailboxes: FeedChanges['mailboxes'],
  rows: ReadonlyMap<Address, MailboxRow>,
): Map<string, string | null> {
  const { mailstore } = map.ref
  const changes = new Map<string, string | null>()
  for (const [address, before] of mailboxes) {
    const row = rows.get(address)
    const isHere = row !== undefined && (mailstore === null || row.mailstore === mailstore)
    if (!isHere && mailstore !== null && !before.includes(mailstore)) continue
    for (const key of map.kind.keysOf(address)) changes.set(key, null)
    if (isHere) for (const { key, line } of map.kind.entriesOf(row)) changes.set(key, line)
  }
  return changes
}
