import type { MapRef } from '@muster/domain'
import { openTarget, realWorld, type TargetConfig } from '@muster/mapsync'
import { parsePinnedKeys, readTree } from '@muster/maptree'
import { publishedMap } from '@muster/publisher'
import { createLogger } from '@muster/runtime'
import { serveOrders } from '../tools/forked.js'

export interface CompileOrder {
  readonly ref: MapRef
  /** The folder that holds the tree's. */
  readonly folder: string
  readonly publicKey: string
  readonly target: TargetConfig
}

export interface CompileReport {
  /** From the signed tree to the compiled files under their own names, each shard's digest checked and fsync included. */
  readonly seconds: number
  readonly peakBytes: number
}

const world = realWorld(createLogger({ name: 'bench', level: 'silent' }))

/** The agent's part: its own target builds the files aside and puts them in place. */
serveOrders(async ({ ref, folder, publicKey, target: config }: CompileOrder): Promise<CompileReport> => {
  const tree = await readTree(publishedMap(folder, ref).spec, parsePinnedKeys(publicKey))
  if (tree === null) throw new Error(`There is no tree below ${folder}.`)
  const target = openTarget(config)
  const started = performance.now()
  await target.compile(tree)
  await target.swap(null, tree, world)
  return { seconds: (performance.now() - started) / 1_000, peakBytes: process.resourceUsage().maxRSS * 1_024 }
})
