import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PathAddress } from '../config/parse-source.js'
import { placeFolder, SourceError, type Source, type TreePlace } from './source.js'

/** A publish folder on this machine, or one that is mounted here. */
export function openPathSource({ folder }: PathAddress): Source {
  const treeAt = (map: string, place: TreePlace) => join(folder, map, placeFolder(place))
  return {
    name: folder,
    hasCurrent: true,
    readHead: () => reading(() => readFile(join(folder, 'HEAD'), 'utf8')),
    readManifest: (map, place) => reading(() => readFile(join(treeAt(map, place), 'MANIFEST'), 'utf8')),
    fetchShards: async (map, place, names, into) => {
      for (const name of names) await reading(() => copyFile(join(treeAt(map, place), 'shards', name), join(into, name)))
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
