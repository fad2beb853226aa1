import { join } from 'node:path'
import { patchTree, pruneDeltas, replaceTree, type DeltaRetention, type Seal, type SigningKey, type Tree } from '@muster/maptree'
import type { Logger } from '@muster/runtime'
import type { FeedChanges, FeedSnapshot } from '@muster/store'
import { planMapChanges } from './map-changes.js'
import { planMapSet, publishedMap, type PublishedMap } from './map-set.js'
import { isStale, planPublish, sameCursor, type PublishPlan } from './plan-publish.js'
import { SCRATCH, type Published } from './published-folder.js'
import { renderWhole } from './render-whole.js'
import type { AtPublishStep } from './steps.js'

export interface PassSettings {
  readonly publishDir: string
  readonly signingKey: SigningKey
  /** With more log rows than this since the last pass, every map is rendered whole. */
  readonly changeLimit: number
  /** A step of a map with more changed lines than this gets no delta. */
  readonly deltaLimit: number
  readonly deltas: DeltaRetention
  readonly log: Logger
  readonly at: AtPublishStep
  /** Ends a whole render early; what it did not finish is done by the next pass. */
  readonly stopping: AbortSignal
}

/** What a pass did to the trees. */
export interface Pass {
  readonly trees: ReadonlyMap<string, Tree>
  /** Names of the maps whose content became another, sorted. */
  readonly changed: readonly string[]
  /** Names of the maps that the directory no longer has. */
  readonly dropped: readonly string[]
}

/**
 * Brings the trees to the head of one snapshot of the directory, or answers null where nothing may be published. The result depends on the
 * rows at the head alone: a pass that was cut off is simply done again, from the old cursor or any other.
 */
export async function runPass(snapshot: FeedSnapshot, before: Published, settings: PassSettings, whole: boolean): Promise<Pass | null> {
  const plan = await decide(snapshot, before, whole)
  if (plan.do === 'wait') return null
  const changes = plan.do === 'patch' ? await snapshot.changesSince(plan.since, settings.changeLimit) : null
  const maps = planMapSet(await snapshot.mailstoreNames()).map((ref) => publishedMap(settings.publishDir, ref))
  const known = (mailstore: string): boolean => [...before.trees.keys()].some((name) => name.endsWith(`@${mailstore}`))
  const needsRender = ({ name, ref }: PublishedMap): boolean =>
    changes === null || !before.trees.has(name) || isStale(ref, changes.mailstores, known)
  const trees = new Map<string, Tree>()
  const changed: string[] = []
  const take = async (map: PublishedMap, { tree, changed: differs }: { tree: Tree; changed: boolean }): Promise<void> => {
    trees.set(map.name, tree)
    if (differs) changed.push(map.name)
    if (differs) await pruneDeltas(tree.spec, tree.manifest.cursor, settings.deltas)
    await settings.at('map-published')
  }
  const seal = { cursor: snapshot.head, key: settings.signingKey, deltaLimit: settings.deltaLimit, at: settings.at }
  if (changes !== null)
    await patchMaps(
      maps.filter((map) => !needsRender(map)),
      before.trees,
      changes,
      snapshot,
      seal,
      take,
    )
  await renderMaps(maps.filter(needsRender), before.trees, snapshot, seal, settings, take)
  await settings.at('maps-published')
  const dropped = [...before.trees.keys()].filter((name) => !trees.has(name))
  return { trees, changed: changed.sort(), dropped }
}

async function decide(snapshot: FeedSnapshot, before: Published, whole: boolean): Promise<PublishPlan> {
  const { cursor: published, claimed } = before
  const holdsClaimed = claimed === null || sameCursor(claimed, snapshot.head) || (await snapshot.holds(claimed))
  const plan = planPublish({ published, claimed, head: snapshot.head, holdsClaimed })
  return whole && plan.do === 'patch' ? { do: 'whole' } : plan
}

type Take = (map: PublishedMap, result: { tree: Tree; changed: boolean }) => Promise<void>

async function patchMaps(
  maps: readonly PublishedMap[],
  trees: ReadonlyMap<string, Tree>,
  { mailboxes }: FeedChanges,
  snapshot: FeedSnapshot,
  seal: Seal,
  take: Take,
): Promise<void> {
  const rows = mailboxes.size === 0 ? [] : await snapshot.mailboxRows([...mailboxes.keys()])
  const byAddress = new Map(rows.map((row) => [row.address, row]))
  for (const map of maps) {
    await take(map, await patchTree(trees.get(map.name) as Tree, planMapChanges(map, mailboxes, byAddress), seal))
  }
}

async function renderMaps(
  maps: readonly PublishedMap[],
  trees: ReadonlyMap<string, Tree>,
  snapshot: FeedSnapshot,
  seal: Seal,
  settings: PassSettings,
  take: Take,
): Promise<void> {
  if (maps.length === 0) return
  settings.log.info({ maps: maps.map((map) => map.name) }, 'rendering maps whole')
  await renderWhole(maps, snapshot, join(settings.publishDir, SCRATCH, 'render'), settings.stopping, async (map, rendered) => {
    const tree = trees.get(map.name) ?? null
    // The first state of a lineage bears its cursor even where nothing differs: no map may point into a history that is gone.
    const restamp = tree !== null && tree.manifest.cursor.lineage !== seal.cursor.lineage
    await take(map, await replaceTree(map.spec, tree, rendered.shards(), { ...seal, restamp }))
  })
}
