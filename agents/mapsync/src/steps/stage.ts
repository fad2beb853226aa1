import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { adoptTree, openTree, shardCountOf, shardName, TreeError, type Tree, type TreeSpec } from '@muster/maptree'
import { inStep } from '../fault.js'
import { incomingFolder, type SyncContext } from './context.js'
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
