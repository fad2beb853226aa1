import type { ImportRecord } from './import-record.js'
import { badLine, where, type BadLine, type Place } from './source-lines.js'

/**
 * Two mailboxes can't have one home: the directory refuses the second. It sees a thousand records at a time, so two that lie further
 * apart would be told only while the import is being written.
 */
export function refuseSharedHomes(records: readonly ImportRecord[]): { records: ImportRecord[]; bad: BadLine[] } {
  const first = new Map<string, Place>()
  const bad: BadLine[] = []
  const kept = records.filter(({ place, item, address }) => {
    if (item.home === undefined) return true
    const home = `${item.mailstore ?? ''}:${item.home}`
    const earlier = first.get(home)
    if (earlier === undefined) first.set(home, place)
    else bad.push(badLine(place, 'path_in_use', `${address}: the mailbox at ${where(earlier)} has the same home, ${item.home}.`).bad)
    return earlier === undefined
  })
  return { records: kept, bad }
}
