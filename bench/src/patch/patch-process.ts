import type { MapRef } from '@muster/domain'
import { GdbmFile, openTarget, readStamps, realWorld, type EntryChange, type TargetConfig } from '@muster/mapsync'
import { parsePinnedKeys, readShard, readTree, type Tree } from '@muster/maptree'
import { publishedMap } from '@muster/publisher'
import { createLogger } from '@muster/runtime'
import { serveOrders } from '../tools/forked.js'

export interface PatchOrder {
  readonly ref: MapRef
  /** The folder that holds the tree's. */
  readonly folder: string
  readonly publicKey: string
  readonly target: TargetConfig
  /** How many keys get another value, each in another shard. */
  readonly keys: number
  /** Which entry of each shard: one that no earlier order changed. */
  readonly entry: number
}

export interface PatchReport {
  /** Clone, patch, fsync, rename, fsync of the folder. */
  readonly seconds: number
}

const world = realWorld(createLogger({ name: 'bench', level: 'silent' }))

/** The agent's own target patches a clone of the file in use and puts it in place. */
serveOrders(async ({ ref, folder, publicKey, target: config, keys, entry }: PatchOrder): Promise<PatchReport> => {
  const tree = await readTree(publishedMap(folder, ref).spec, parsePinnedKeys(publicKey))
  if (tree === null) throw new Error(`There is no tree below ${folder}.`)
  const target = openTarget(config)
  const stamps = await readStamps(target.files)
  if (target.patch === null || stamps === null) throw new Error(`${config.path} is not there to be patched.`)
  const changes = await chooseChanges(tree, keys, entry)
  const started = performance.now()
  await target.patch(changes, stamps, world)
  await target.swap({ tree, changes }, tree, world)
  const seconds = (performance.now() - started) / 1_000
  expectPatched(config.path, changes, tree)
  return { seconds }
})

async function chooseChanges(tree: Tree, keys: number, entry: number): Promise<EntryChange[]> {
  const changes: EntryChange[] = []
  for (let shard = 0; shard < keys; shard++) {
    const chosen = (await readShard(tree, shard))[entry]
    if (chosen === undefined) throw new Error(`Shard ${shard} has no entry ${entry}.`)
    const { key, line } = chosen
    changes.push({ key, before: line, now: `${key}:patched-${entry}.example.net:110` })
  }
  return changes
}

function expectPatched(path: string, changes: readonly EntryChange[], tree: Tree): void {
  const file = GdbmFile.openReader(path)
  try {
    if (file.count() !== tree.manifest.entries) throw new Error(`${path} has ${file.count()} entries and not ${tree.manifest.entries}.`)
    for (const { key, now } of changes) {
      if (`${key}:${file.fetch(Buffer.from(key, 'utf8'))?.toString('utf8')}` !== now) throw new Error(`${path} does not have the change.`)
    }
  } finally {
    file.close()
  }
}
