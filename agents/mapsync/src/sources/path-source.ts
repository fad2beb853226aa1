import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderCursor, type Cursor } from '@muster/domain'
import type { PathAddress } from '../config/parse-source.js'
import { SourceError, type Source } from './source.js'

/** A publish folder on this machine, or one that is mounted here. */
export function openPathSource({ folder }: PathAddress): Source {
  const snapshot = (map: string, cursor: Cursor) => join(folder, map, 'snapshots', renderCursor(cursor))
  return {
    name: folder,
    readHead: () => reading(() => readFile(join(folder, 'HEAD'), 'utf8')),
    readManifest: (map, cursor) => reading(() => readFile(join(snapshot(map, cursor), 'MANIFEST'), 'utf8')),
    fetchShards: async (map, cursor, names, into) => {
      for (const name of names) await reading(() => copyFile(join(snapshot(map, cursor), 'shards', name), join(into, name)))
    },
  }
}

async function reading<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    // A full disk is ours, not the source's.
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw new SourceError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
