import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { renderCursor } from '@muster/domain'
import {
  differingShards,
  listFolder,
  parseHead,
  parseManifest,
  readFileIfAny,
  sha256,
  shardCountOf,
  shardName,
  type Head,
  type HeadMap,
  type Manifest,
  type Tree,
} from '@muster/maptree'
import { carriesSecrets, renderSource } from '../config/parse-source.js'
import { AgentFault, inStep } from '../fault.js'
import { incomingFolder, type SyncContext } from './context.js'
import { guardRoom } from './guards.js'

/** A HEAD is renewed every minute; one this old says that nobody looked at the directory since. It stops nothing. */
export const HEAD_OLD_MS = 10 * 60_000

/** Reads HEAD and verifies who signed it. */
export async function pullHead({ config, state, source, world }: SyncContext): Promise<Head> {
  return inStep('pull', async () => {
    const head = parseHead(await source().readHead(), config.publisherKeys, 'HEAD')
    state.head = { cursor: renderCursor(head.cursor), issued: head.issued.toISOString(), seenAt: world.now().toISOString() }
    return head
  })
}

/** What HEAD says of one map. Refuses a way that a map with password hashes must not travel. */
export function headEntry(context: SyncContext, head: Head, map: string, secret: boolean): HeadMap {
  const { source } = context.config
  if (secret && !carriesSecrets(source)) {
    throw new AgentFault(
      'pull',
      'source_insecure',
      `${map} holds password hashes and ${renderSource(source)} shows them to everyone on the way`,
    )
  }
  const entry = head.maps.find((m) => m.map === map)
  if (entry === undefined) throw new AgentFault('pull', 'not_published', `${context.source().name} does not publish ${map}`)
  return entry
}

export interface PulledManifest {
  readonly text: string
  readonly manifest: Manifest
}

/** The manifest of the snapshot that HEAD names: signed, and of this very content. */
export async function pullManifest({ source, config }: SyncContext, entry: HeadMap): Promise<PulledManifest> {
  return inStep('pull', async () => {
    const text = await source().readManifest(entry.map, entry.cursor)
    const manifest = parseManifest(text, config.publisherKeys, `MANIFEST of ${entry.map}`)
    const said = `${manifest.map} ${renderCursor(manifest.cursor)} ${manifest.root}`
    const wanted = `${entry.map} ${renderCursor(entry.cursor)} ${entry.root}`
    if (said !== wanted) throw new AgentFault('pull', 'hash', `HEAD names ${wanted}, and the MANIFEST there is of ${said}`)
    return { text, manifest }
  })
}

/**
 * Fetches the shards that differ from the local tree into a folder of fixed name, so that an interrupted pull goes on where it was: what
 * lies there with the right SHA-256 is not fetched again.
 */
export async function pullShards(context: SyncContext, tree: Tree | null, manifest: Manifest): Promise<string> {
  const { config, world, source } = context
  const folder = incomingFolder(config, manifest.map)
  await inStep('pull', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const count = shardCountOf(manifest)
    const differing = differingShards(tree?.manifest ?? null, manifest)
    const wanted = new Map(differing.map((i) => [shardName(i, count), manifest.shards[i]?.sha256]))
    for (const name of await listFolder(folder)) {
      const bytes = await readFileIfAny(join(folder, name))
      if (bytes !== null && sha256(bytes) === wanted.get(name)) wanted.delete(name)
      else await rm(join(folder, name), { recursive: true, force: true })
    }
    if (wanted.size === 0) return
    // Each is written twice: as it comes in, and into the tree.
    const bytes = differing.reduce((sum, i) => sum + (manifest.shards[i]?.bytes ?? 0), 0)
    await guardRoom('pull', config.stateDir, bytes, context.force, world)
    await source().fetchShards(manifest.map, manifest.cursor, [...wanted.keys()].sort(), folder)
  })
  await world.at('pulled')
  return folder
}
