import { renderCursor, type Cursor } from '@muster/domain'

/**
 * Which state of a map to read. A snapshot never changes; `current` is the tree the publisher works on, which may change while it is read
 * (and then a SHA-256 says so). Snapshots are frozen every few seconds only, so HEAD may name a cursor that has none yet.
 */
export type TreePlace = Cursor | 'current'

/**
 * Where published trees come from. Nothing that a source gives is believed: HEAD and MANIFEST are signed, and the MANIFEST vouches for
 * each shard. Methods throw a SourceError when the source can't be reached or has no such file.
 */
export interface Source {
  /** As people know it, without secrets. */
  readonly name: string
  /** Whether `current` can be asked for; a source without it freezes what it is asked for. */
  readonly hasCurrent: boolean
  readHead(): Promise<string>
  /** The signed manifest. */
  readManifest(map: string, place: TreePlace): Promise<string>
  /** Puts shards into a folder under their names. What is there already under another name is left alone. */
  fetchShards(map: string, place: TreePlace, names: readonly string[], folder: string): Promise<void>
}

export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** What was being read was replaced meanwhile: reading HEAD again leads to what is there now. */
export class SourceMoved extends Error {
  override readonly name = 'SourceMoved'
}

/** Below the folder of the map. */
export function placeFolder(place: TreePlace): string {
  return place === 'current' ? '' : `snapshots/${renderCursor(place)}/`
}
