import { parseCursor, parseMapName, renderCursor, type Cursor } from '@muster/domain'
import { COUNT, readLines, SHA256, type LineReader } from './lines.js'
import { SHARD_COUNTS, sha256, shardName, type ShardCount } from './shard.js'
import { openSigned, signText, type PinnedKey, type SigningKey } from './signature.js'

/** One shard of the list: what its file must be. */
export interface ShardDigest {
  readonly bytes: number
  readonly sha256: string
  readonly entries: number
}

/** What a tree is. `root` names the content whatever the cursor; `cursor` is the last that changed this map. */
export interface Manifest {
  readonly map: string
  readonly cursor: Cursor
  readonly root: string
  readonly entries: number
  /** In order; as many as the map's definition says. */
  readonly shards: readonly ShardDigest[]
}

export function makeManifest(map: string, cursor: Cursor, shards: readonly ShardDigest[]): Manifest {
  const entries = shards.reduce((sum, shard) => sum + shard.entries, 0)
  return { map, cursor, root: rootOf(shards), entries, shards }
}

/** SHA-256 over the `shard` lines as a manifest has them: equal content, equal root. */
export function rootOf(shards: readonly ShardDigest[]): string {
  return sha256(renderShardLines(shards))
}

export function shardCountOf(manifest: Manifest): ShardCount {
  return manifest.shards.length as ShardCount
}

function renderShardLines(shards: readonly ShardDigest[]): string {
  const count = shards.length as ShardCount
  return shards.map((s, i) => `shard ${shardName(i, count)} ${s.bytes} ${s.sha256} ${s.entries}\n`).join('')
}

/** The signed text, byte for byte the same for the same manifest and key. */
export function renderManifest(manifest: Manifest, key: SigningKey): string {
  return signText(renderManifestBody(manifest), key)
}

function renderManifestBody(manifest: Manifest): string {
  const { map, cursor, root, entries, shards } = manifest
  const header = `muster-manifest 1\nmap ${map}\ncursor ${renderCursor(cursor)}\nroot ${root}\nentries ${entries}\n`
  return header + renderShardLines(shards)
}

/** Checks the signature first and reads only what was signed. Throws a TreeError naming file and line. */
export function parseManifest(text: string, pinned: readonly PinnedKey[], file: string): Manifest {
  const reader = readLines(openSigned(text, pinned, file), file)
  reader.match(/^muster-manifest 1$/, 'muster-manifest 1')
  const map = parseMapLine(reader)
  const cursor = parseCursorLine(reader, 'cursor')
  const [root] = reader.match(new RegExp(`^root ${SHA256}$`), 'root SHA256')
  const [entries] = reader.match(new RegExp(`^entries ${COUNT}$`), 'entries COUNT')
  const manifest = makeManifest(map, cursor, parseShardLines(reader))
  if (manifest.root !== root) reader.refuse(`root ${manifest.root} of the shard lines`, `root ${root}`)
  if (manifest.entries !== Number(entries)) reader.refuse(`${manifest.entries} entries in the shard lines`, `entries ${entries}`)
  return manifest
}

export function parseMapLine(reader: LineReader): string {
  const [name] = reader.match(/^map (\S+)$/, 'map NAME')
  if (parseMapName(name as string) === null) reader.refuse('the name of a map')
  return name as string
}

export function parseCursorLine(reader: LineReader, label: string): Cursor {
  const [text] = reader.match(new RegExp(`^${label} (\\S+)$`), `${label} CURSOR`)
  const cursor = parseCursor(text as string)
  return cursor.ok ? cursor.value : reader.refuse('a cursor LINEAGE-REVISION-NONCE')
}

function parseShardLines(reader: LineReader): ShardDigest[] {
  const pattern = new RegExp(`^shard ([0-9a-f]{2,3}) ${COUNT} ${SHA256} ${COUNT}$`)
  const names: string[] = []
  const shards: ShardDigest[] = []
  while (reader.peek() !== null) {
    const [name, bytes, digest, entries] = reader.match(pattern, 'shard XX BYTES SHA256 ENTRIES')
    names.push(name as string)
    shards.push({ bytes: Number(bytes), sha256: digest as string, entries: Number(entries) })
  }
  const count = SHARD_COUNTS.find((c) => c === shards.length)
  if (count === undefined) return reader.refuse(`${SHARD_COUNTS.join(', ')} shard lines`, `${shards.length}`)
  const misplaced = names.findIndex((name, i) => name !== shardName(i, count))
  if (misplaced >= 0) reader.refuse(`shard ${shardName(misplaced, count)} in its place`, `shard ${names[misplaced]}`)
  return shards
}
