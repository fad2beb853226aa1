import { renderCursor, type Cursor } from '@muster/domain'
import { compareKeys } from '@muster/maps'
import { deltaFileName, renderDelta } from './delta.js'
import type { Manifest, ShardDigest } from './manifest.js'
import { sha256, type KeyChange } from './shard.js'
import type { SigningKey } from './signature.js'
import type { AtTreeStep, StagedDelta } from './stage.js'
import type { Tree } from './tree.js'

/** How the publisher seals a new state. */
export interface Seal {
  readonly cursor: Cursor
  readonly key: SigningKey
  /** A step of more changes than this gets no delta: fetching the shards that differ is cheaper. */
  readonly deltaLimit: number
  readonly at?: AtTreeStep
}

export interface Resealed {
  readonly tree: Tree
  /** False when the content is what it was: then the tree is untouched and keeps its cursor. */
  readonly changed: boolean
}

/** The MANIFEST's line of a shard with these bytes. */
export function digestOf(bytes: Buffer, entries: number): ShardDigest {
  return { bytes: bytes.length, sha256: sha256(bytes), entries }
}

/** The delta of a step; 'forget' where there is none to give, and so none leads up to here any more. */
export function stagedDelta(
  from: Manifest | null,
  to: Manifest,
  changes: readonly KeyChange[] | null,
  limit: number,
): StagedDelta | 'forget' {
  if (from === null || changes === null || changes.length > limit) return 'forget'
  if (renderCursor(from.cursor) === renderCursor(to.cursor)) return 'forget'
  const sorted = [...changes].sort((a, b) => compareKeys(a.key, b.key))
  const delta = { map: to.map, from: from.cursor, to: to.cursor, root: to.root, changes: sorted }
  return { fileName: deltaFileName(from.cursor, to.cursor), text: renderDelta(delta) }
}
