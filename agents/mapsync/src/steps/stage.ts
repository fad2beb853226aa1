import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { renderCursor } from '@muster/domain'
import { adoptTree, openTree, readShard, renderShard, shardCountOf, shardName, TreeError, type Tree, type TreeSpec } from '@muster/maptree'
import { AgentFault, inStep } from '../fault.js'
import { incomingFolder, type SyncContext } from './context.js'
import { readKept } from './keep.js'
import type { PulledManifest } from './pull.js'

/** The local tree, finished where a killed run had begun to replace it. One that cannot be read is no tree: it is fetched whole again. */
export async function openLocalTree({ config, world }: SyncContext, spec: TreeSpec): Promise<Tree | null> {
  return inStep('stage', async () => {
    try {
      return await openTree(spec, config.publisherKeys, world.at)
    } catch (error) {
      if (!(error instanceof TreeError)) throw error
      world.log.warn({ map: spec.map, fault: error.message }, 'the local tree cannot be used and is fetched again')
      return null
    }
  })
}

/**
 * Makes what was pulled the local tree, whole or not at all. Every shard's size, SHA-256, order and keys are checked on the way in; the
 * applied tree before it stays as a snapshot.
 */
export async function stageTree(context: SyncContext, tree: Tree | null, spec: TreeSpec, pulled: PulledManifest): Promise<Tree> {
  const { config, world } = context
  const folder = incomingFolder(config, spec.map)
  const count = shardCountOf(pulled.manifest)
  const staged = await inStep('stage', () =>
    adoptTree(spec, tree, pulled.text, config.publisherKeys, (index) => readFile(join(folder, shardName(index, count))), world.at),
  )
  await rm(folder, { recursive: true, force: true })
  await world.at('staged')
  return staged
}

/** Makes the tree that a rollback pinned the local tree again, from the snapshot that was kept of it. */
export async function stagePinned(context: SyncContext, tree: Tree | null, spec: TreeSpec, cursor: string): Promise<Tree> {
  const { config, world } = context
  if (tree !== null && renderCursor(tree.manifest.cursor) === cursor) return tree
  const kept = await readKept(spec, cursor, config.publisherKeys)
  if (kept === null) throw new AgentFault('stage', 'nothing_to_roll_back', `the tree at ${cursor}, pinned by a rollback, is not kept here`)
  const fetchShard = async (index: number) => renderShard(await readShard(kept, index))
  const staged = await inStep('stage', () => adoptTree(spec, tree, kept.manifestText, config.publisherKeys, fetchShard, world.at))
  await world.at('staged')
  return staged
}
