import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type PublisherClient } from '@muster/client'
import { renderCursor } from '@muster/domain'
import type { HttpAddress } from '../config/parse-source.js'
import { SourceError, type Source, type TreePlace } from './source.js'

/** Enough to keep the line busy; more would only queue at the publisher. */
const AT_ONCE = 6

/** The publisher's routes, with the host's key; plain http reaches loopback only. */
export function openHttpSource({ baseUrl }: HttpAddress, token: string): Source {
  const { publisher } = createClient({ baseUrl, key: token })
  return {
    name: baseUrl,
    hasCurrent: false,
    readHead: async () => {
      const head = await publisher.fetchHead()
      if (head === null) throw new SourceError(`${baseUrl} answered that HEAD is unchanged, to nobody's question`)
      return head.text
    },
    readManifest: (map, place) => publisher.fetchManifest(map, cursorOf(place)),
    fetchShards: async (map, place, names, folder) => {
      const waiting = [...names]
      const fetchNext = async (): Promise<void> => {
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
          await download(publisher, [map, cursorOf(place), name], join(folder, name)).catch((error: unknown) => {
            waiting.length = 0
            throw error
          })
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, fetchNext))
    },
  }
}

function cursorOf(place: TreePlace): string {
  if (place === 'current') throw new Error('the publisher freezes what it is asked for, so nobody asks for what is current')
  return renderCursor(place)
}

/** As it comes in, so that a large shard is not held in memory. */
async function download(publisher: PublisherClient, [map, cursor, shard]: [string, string, string], file: string): Promise<void> {
  const { bytes } = await publisher.openShard(map, cursor, shard)
  await writeFile(file, bytes, { mode: 0o600 })
}
