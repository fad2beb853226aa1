import { join } from 'node:path'
import { mapName, type Cursor, type MapRef } from '@muster/domain'
import { generateSigningKey, renderPublicKey, replaceTree } from '@muster/maptree'
import { publishedMap, renderWhole } from '@muster/publisher'
import { openRowFile } from '../site/row-file.js'
import { serveOrders } from '../tools/forked.js'

export interface PublishOrder {
  readonly ref: MapRef
  /** As writeRowFile writes it. */
  readonly rowFile: string
  /** An empty folder; the tree goes to `folder/<map>`. */
  readonly folder: string
}

export interface PublishReport {
  /** From rows to sorted entries, without the time to read the rows. */
  readonly renderSeconds: number
  /** From entries to the signed tree, fsync included. */
  readonly treeSeconds: number
  readonly entries: number
  readonly textBytes: number
  readonly publicKey: string
  readonly peakBytes: number
}

const CURSOR: Cursor = { lineage: 1, revision: 1, nonce: '0123456789abcdef' }

/** The publisher's part, as it is in a first publish: the code is the publisher's own, only the rows come from a file. */
serveOrders(async ({ ref, rowFile, folder }: PublishOrder): Promise<PublishReport> => {
  const map = publishedMap(folder, ref)
  const key = generateSigningKey()
  const rows = openRowFile(rowFile)
  const feed = { allMailboxRows: () => rows.pages() }
  const started = performance.now()
  let rendered = 0
  let textBytes = 0
  let entries = 0
  await renderWhole([map], feed, join(folder, `.render-${mapName(ref)}`), new AbortController().signal, async ({ spec }, spill) => {
    rendered = performance.now()
    const { tree } = await replaceTree(spec, null, spill.shards(), { cursor: CURSOR, key, deltaLimit: 1_000 })
    entries = tree.manifest.entries
    textBytes = tree.manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0)
  })
  const ended = performance.now()
  return {
    renderSeconds: (rendered - started - rows.spentMs()) / 1_000,
    treeSeconds: (ended - rendered) / 1_000,
    entries,
    textBytes,
    publicKey: renderPublicKey(key),
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  }
})
