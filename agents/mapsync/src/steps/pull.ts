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
import { SourceError, SourceMoved, type Source, type TreePlace } from '../sources/source.js'
import { incomingFolder, type SyncContext } from './context.js'
import { guardRoom } from './guards.js'

/** A HEAD is renewed every minute; one this old says that nobody looked at the directory since. It stops nothing. */
export const HEAD_OLD_MS = 10 * 60_000

/** Reads HEAD and verifies who signed it. */
export async function pullHead(context: SyncContext): Promise<Head> {
  const { config, state, source, world, fetchedHead } = context
  context.fetchedHead = null
  return inStep('pull', async () => {
    const head = parseHead(fetchedHead ?? (await source().readHead()), config.publisherKeys, 'HEAD')
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
  /** Where its shards are to be fetched. */
  readonly place: TreePlace
}

/** The manifest that HEAD names: signed, and of this very content. From the snapshot, or from the current tree where none is frozen yet. */
export async function pullManifest(context: SyncContext, entry: HeadMap): Promise<PulledManifest> {
  return inStep('pull', async () => {
    const { text, place } = await readManifestText(context.source(), entry)
    const manifest = parseManifest(text, context.config.publisherKeys, `MANIFEST of ${entry.map}`)
    const said = `${manifest.map} ${renderCursor(manifest.cursor)} ${manifest.root}`
    const wanted = `${entry.map} ${renderCursor(entry.cursor)} ${entry.root}`
    if (said === wanted) return { text, manifest, place }
    if (place === 'current') throw new SourceMoved(`HEAD named ${wanted}, and the publisher is at ${said} now`)
    throw new AgentFault('pull', 'hash', `HEAD names ${wanted}, and the MANIFEST there is of ${said}`)
  })
}

async function readManifestText(source: Source, { map, cursor }: HeadMap): Promise<{ text: string; place: TreePlace }> {
  try {
    return { text: await source.readManifest(map, cursor), place: cursor }
  } catch (error) {
    if (!(error instanceof SourceError) || !source.hasCurrent) throw error
    const text = await source.readManifest(map, 'current').catch(() => {
      throw error
    })
    return { text, place: 'current' }
  }
}

/**
 * Fetches the shards that differ from the local tree into a folder of fixed name, so that an interrupted pull goes on where it was: what
 * lies there with the right SHA-256 is not fetched again.
 */
export async function pullShards(context: SyncContext, tree: Tree | null, { manifest, place }: PulledManifest): Promise<void> {
  const { config, world, source } = context
  const folder = incomingFolder(config, manifest.map)
  await inStep('pull', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const count = shardCountOf(manifest)
    const differing = differingShards(tree?.manifest ?? null, manifest)
    const wanted = new Map(differing.map((i) => [shardName(i, count), manifest.shards[i]?.sha256 ?? '']))
    const missing = await findMissing(folder, wanted)
    if (missing.length === 0) return
    // Each is written twice: as it comes in, and into the tree.
    const bytes = differing.reduce((sum, i) => sum + (manifest.shards[i]?.bytes ?? 0), 0)
    await guardRoom('pull', config.stateDir, bytes, context.force, world)
    await source().fetchShards(manifest.map, place, missing, folder)
    const [wrong] = await findMissing(folder, wanted)
    if (wrong === undefined) return
    if (place === 'current') throw new SourceMoved(`shard ${wrong} of ${manifest.map} was replaced while it was read`)
    throw new AgentFault('pull', 'hash', `shard ${wrong} of ${manifest.map} is not what its MANIFEST vouches for`)
  })
  await world.at('pulled')
}

/** Which of the wanted shards are not in the folder as they should be; removes what is not. */
async function findMissing(folder: string, wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const missing = new Set(wanted.keys())
  for (const name of await listFolder(folder)) {
    const bytes = await readFileIfAny(join(folder, name))
    if (bytes !== null && sha256(bytes) === wanted.get(name)) missing.delete(name)
    else await rm(join(folder, name), { recursive: true, force: true })
  }
  return [...missing].sort()
}
