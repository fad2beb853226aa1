import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Entry, MailboxRow } from '@muster/maps'
import { openSpill, type Spill } from '@muster/maptree'
import type { FeedSnapshot } from '@muster/store'
import type { PublishedMap } from './map-set.js'

/** Memory for the entries of all maps together before they go to files. */
const BUFFER_BYTES = 64 * 1024 * 1024

/**
 * Renders maps whole, from one snapshot of the directory, and gives each with its entries ready to be read shard by shard. Rows are read once,
 * and memory does not grow with the site. `folder` is for scratch files. Rejects when `stopping` is aborted.
 */
export async function renderWhole(
  maps: readonly PublishedMap[],
  snapshot: Pick<FeedSnapshot, 'allMailboxRows'>,
  folder: string,
  stopping: AbortSignal,
  use: (map: PublishedMap, rendered: Spill) => Promise<void>,
): Promise<void> {
  const spills = maps.map((map) => openSpill(map.spec, join(folder, map.name), BUFFER_BYTES / maps.length))
  const sinks = maps.map((map, i) => ({ map, spill: spills[i] as Spill }))
  try {
    for (const mailstore of scopesOf(maps)) {
      for await (const rows of snapshot.allMailboxRows(mailstore)) {
        stopping.throwIfAborted()
        await addPage(sinks, rows)
      }
    }
    for (const { map, spill } of sinks) {
      stopping.throwIfAborted()
      await use(map, spill)
      await spill.discard()
    }
  } finally {
    for (const spill of spills) await spill.discard()
  }
}

/** All rows once when a map of all mailstores is among them, else those of each mailstore. */
function scopesOf(maps: readonly PublishedMap[]): (string | null)[] {
  const scopes = new Set(maps.map((map) => map.ref.mailstore))
  return scopes.has(null) ? [null] : [...scopes]
}

async function addPage(sinks: readonly { map: PublishedMap; spill: Spill }[], rows: readonly MailboxRow[]): Promise<void> {
  const rendered = new Map<string, readonly (readonly Entry[])[]>()
  for (const { map, spill } of sinks) {
    const ofRows = rendered.get(map.ref.kind) ?? rows.map((row) => map.kind.entriesOf(row))
    rendered.set(map.ref.kind, ofRows)
    const { mailstore } = map.ref
    // A page is thousands of rows in several maps: whoever shares this process gets his turn in between.
    await setImmediate()
    await spill.add(ofRows.flatMap((entries, i) => (mailstore === null || rows[i]?.mailstore === mailstore ? entries : [])))
  }
}
