import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseMapName, type Cursor } from '@muster/domain'
import { mapKinds, type Entry } from '@muster/maps'
import {
  freezeSnapshot,
  generateSigningKey,
  openTree,
  renderHead,
  renderPublicKey,
  replaceTree,
  shardOf,
  sortEntries,
  TreeError,
  treeSpec,
  type HeadMap,
  type SigningKey,
  type ShardCount,
  type SortedShard,
  type Tree,
  type TreeSpec,
} from '@muster/maptree'

/** A publish folder made with maptree alone, as a publisher leaves it. */
export interface PublishedFolder {
  readonly folder: string
  readonly key: SigningKey
  readonly publicKeyFile: string
  /** Publishes these lines as the whole of each map, freezes a snapshot, and signs HEAD. Maps not named stay as they are. */
  publish(maps: Record<string, readonly string[]>, at: Partial<PublishAt> & { revision: number }): Promise<Cursor>
}

export interface PublishAt {
  readonly lineage: number
  readonly revision: number
  readonly nonce: string
  readonly issued: Date
}

/** With one shard most tests are fast; those that are about shards ask for 256. */
export function makePublishedFolder(folder: string, key = generateSigningKey(), shardCount: ShardCount = 1): PublishedFolder {
  mkdirSync(folder, { recursive: true })
  const publicKeyFile = join(folder, 'publisher.pub')
  writeFileSync(publicKeyFile, renderPublicKey(key))
  const heads = new Map<string, HeadMap>()
  return {
    folder,
    key,
    publicKeyFile,
    publish: async (maps, { lineage = 1, revision, nonce, issued = new Date() }) => {
      const cursor = { lineage, revision, nonce: nonce ?? revision.toString(16).padStart(16, 'a') }
      for (const [map, lines] of Object.entries(maps)) heads.set(map, await publishMap(specOf(folder, map, shardCount), lines, cursor, key))
      const inUse = [...heads.values()].filter((head) => head.cursor.lineage <= lineage)
      writeFileSync(join(folder, 'HEAD'), renderHead({ cursor, issued, maps: inUse }, key))
      return cursor
    },
  }
}

async function publishMap(spec: TreeSpec, lines: readonly string[], cursor: Cursor, key: SigningKey): Promise<HeadMap> {
  const current = await openOwnTree(spec, key)
  const { tree } = await replaceTree(spec, current, shardsOf(spec, lines), { cursor, key, deltaLimit: 1000, restamp: true })
  await freezeSnapshot(tree)
  return { map: spec.map, cursor: tree.manifest.cursor, root: tree.manifest.root }
}

/** A tree that another key signed is written anew, as the publisher does. */
async function openOwnTree(spec: TreeSpec, key: SigningKey): Promise<Tree | null> {
  try {
    return await openTree(spec, [key])
  } catch (error) {
    if (error instanceof TreeError) return null
    throw error
  }
}

export function specOf(folder: string, map: string, shardCount: ShardCount): TreeSpec {
  const ref = parseMapName(map)
  if (ref === null) throw new Error(`${map} is no map`)
  return treeSpec(folder, ref, mapKinds[ref.kind], shardCount)
}

async function* shardsOf(spec: TreeSpec, lines: readonly string[]): AsyncGenerator<SortedShard> {
  const shards = new Map<number, Entry[]>()
  for (const line of lines) {
    const key = spec.keyOfLine(line)
    const index = shardOf(key, spec.shardCount)
    const entries = shards.get(index) ?? []
    if (entries.push({ key, line }) === 1) shards.set(index, entries)
  }
  for (const [index, entries] of shards) yield { index, entries: sortEntries(entries) }
}

export function popmapLine(n: number, store = 'ms1'): string {
  return `user${n}@example.net:${store}.example.net:110`
}

export function userdbLine(n: number, fields: { password?: string | null; quota?: number; home?: string } = {}): string {
  const { password = `$6$salt$hash-of-${n}`, quota = 1000, home = `/mail1/user${n}` } = fields
  const secret = password === null ? '' : `|systempw=${password}`
  return `user${n}@example.net\tuid=5000|gid=5000|home=${home}|mail=${home}/Maildir|quota=${quota}S${secret}`
}

export function passwdLine(n: number, password = `{CRYPT}$6$salt$hash-of-${n}`): string {
  return `user${n}@example.net:${password}:5000:5000::/mail1/user${n}::userdb_mail=maildir:/mail1/user${n}/Maildir`
}

export function linesOf(count: number, line: (n: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => line(n))
}
