import type { Cursor } from '@muster/domain'

/**
 * Where published trees come from. Nothing that a source gives is believed: HEAD and MANIFEST are signed, and the MANIFEST vouches for
 * each shard. Methods throw a SourceError when the source can't be reached or has no such file.
 */
export interface Source {
  /** As people know it, without secrets. */
  readonly name: string
  readHead(): Promise<string>
  /** The signed manifest of one snapshot. */
  readManifest(map: string, cursor: Cursor): Promise<string>
  /** Puts shards of one snapshot into a folder under their names. What is there already under another name is left alone. */
  fetchShards(map: string, cursor: Cursor, names: readonly string[], folder: string): Promise<void>
}

export class SourceError extends Error {
  override readonly name = 'SourceError'
}
