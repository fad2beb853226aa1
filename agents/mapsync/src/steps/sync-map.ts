import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { compareCursors, renderCursor, type Cursor } from '@muster/domain'
import { manifestFile, TreeError, type HeadMap, type Tree, type TreeSpec } from '@muster/maptree'
import type { TargetConfig } from '../config/agent-config.js'
import { AgentFault, toFault } from '../fault.js'
import { SourceMoved } from '../sources/source.js'
import { holdsBack, recordFailure } from '../state/backoff.js'
import { highestOf, mapState, raiseHighest, type MapState } from '../state/state.js'
import { openTarget } from '../targets/open-target.js'
import type { Target } from '../targets/target.js'
import { applyTarget } from './apply.js'
import { treeSpecOf, type SyncContext } from './context.js'
import { guardCursor, guardRoom, guardSize } from './guards.js'
import { keepApplied } from './keep.js'
import { headEntry, pullHead, pullManifest, pullShards } from './pull.js'
import { openLocalTree, stagePinned, stageTree } from './stage.js'

/** A tree that was changed while it was read is read again: so many times in all, and so long after. */
const MOVED_TRIES = 4
const MOVED_WAIT_MS = 1000

/** What became of one map in one run. */
export interface MapResult {
  readonly map: string
  /** What all its targets hold, null before the first swap of each. */
  readonly applied: { readonly cursor: string; readonly root: string; readonly entries: number } | null
  readonly stagedCursor: string | null
  /** Whether files were swapped. */
  readonly changed: boolean
  readonly settleMs: number
  readonly repaired: string | null
  readonly pinned: string | null
  readonly newLineage: boolean
  readonly fault: AgentFault | null
}

/** Brings one map and its targets to what HEAD names. Whatever goes wrong, the last good state stays in use, and is looked after. */
export async function syncMap(
  context: SyncContext,
  headFault: AgentFault | null,
  map: string,
  configs: readonly TargetConfig[],
): Promise<MapResult> {
  const { world } = context
  const run = openMapRun(context, map, configs)
  try {
    run.tree = await openLocalTree(context, run.spec)
    await advance(context, run, headFault)
  } catch (error) {
    run.fault = toFault(error, 'pull')
  }
  // What is staged stays; the next round compiles it.
  if (world.stopping.aborted) return resultOf(context, run)
  try {
    await applyTree(context, run)
  } catch (error) {
    run.fault ??= toFault(error, 'swap')
    await dropDamagedTree(context, run, error)
  }
  const { state, fault } = run
  if (fault === null) state.failure = null
  else if (fault.code !== 'backing_off') state.failure = recordFailure(state.failure, fault, run.root, world.now())
  return resultOf(context, run)
}

/** What is known of a map while its steps run. */
interface MapRun {
  readonly map: string
  readonly spec: TreeSpec
  readonly state: MapState
  readonly targets: readonly Target[]
  tree: Tree | null
  /** The root that is to be applied; null while it is not known. */
  root: string | null
  fault: AgentFault | null
  changed: boolean
  settleMs: number
  repaired: string | null
  newLineage: boolean
}

export function openMapRun(context: SyncContext, map: string, configs: readonly TargetConfig[]): MapRun {
  return {
    map,
    spec: treeSpecOf(context.config, configs[0] as TargetConfig),
    state: mapState(context.state, map),
    targets: configs.map(openTarget),
    tree: null,
    root: null,
    fault: null,
    changed: false,
    settleMs: 0,
    repaired: null,
    newLineage: false,
  }
}

/** PULL and STAGE: from what HEAD says to a verified local tree. */
async function advance(context: SyncContext, run: MapRun, headFault: AgentFault | null): Promise<void> {
  run.root = run.tree?.manifest.root ?? null
  if (run.state.pinned !== null) {
    run.tree = await stagePinned(context, run.tree, run.spec, run.state.pinned.cursor)
    run.root = run.tree.manifest.root
    return
  }
  for (let tries = 1; ; tries++) {
    if (context.head === null) throw headFault ?? new AgentFault('pull', 'source_unreachable', 'HEAD was not read')
    try {
      return await advanceTo(context, run, headEntry(context, context.head, run.map, run.spec.secret))
    } catch (error) {
      // Only a tree that is read while the publisher changes it moves: a moment later it stands still.
      const moved = error instanceof AgentFault && error.cause instanceof SourceMoved
      if (!moved || tries === MOVED_TRIES) throw error
      await context.world.sleep(MOVED_WAIT_MS, context.world.stopping)
      context.head = await pullHead(context)
    }
  }
}

async function advanceTo(context: SyncContext, run: MapRun, entry: HeadMap): Promise<void> {
  run.root = entry.root
  run.newLineage = guardCursor(highestKnown(run), entry.cursor, context.force).newLineage
  refuseBackingOff(context, run.state, entry.root)
  if (!isStaged(run.tree, entry)) await fetchTree(context, run, entry)
  raiseHighest(run.state, entry.cursor)
}

async function fetchTree(context: SyncContext, run: MapRun, entry: HeadMap): Promise<void> {
  const pulled = await pullManifest(context, entry)
  const inUse = Math.max(...run.targets.map((target) => context.state.targets[target.config.path]?.entries ?? target.countLive()))
  guardSize(inUse, pulled.manifest.entries, context.config.shrinkLimit, context.force)
  for (const target of run.targets) {
    await guardRoom('pull', dirname(target.config.path), target.neededBytes(pulled.manifest), context.force, context.world)
  }
  await pullShards(context, run.tree, pulled)
  run.tree = await stageTree(context, run.tree, run.spec, pulled)
}

/** The state file may be lost; the tree at hand is a witness too. */
function highestKnown({ state, tree }: MapRun): Cursor | null {
  const known = [highestOf(state), state.highest === null ? (tree?.manifest.cursor ?? null) : null].filter((c) => c !== null)
  return known.sort(compareCursors).at(-1) ?? null
}

function isStaged(tree: Tree | null, entry: HeadMap): boolean {
  return tree !== null && tree.manifest.root === entry.root && renderCursor(tree.manifest.cursor) === renderCursor(entry.cursor)
}

function refuseBackingOff({ force, world }: SyncContext, state: MapState, root: string): void {
  const failure = holdsBack(state, root, world.now())
  if (failure === null || force.size > 0) return
  const times = failure.count === 1 ? 'once' : `${failure.count} times`
  throw new AgentFault(failure.step, 'backing_off', `failed ${times} and is tried again after ${failure.retryAt}: ${failure.reason}`)
}

/** COMPILE, PROBE and SWAP of each target. A tree that is being held back is not applied; the one before it is looked after. */
async function applyTree(context: SyncContext, run: MapRun): Promise<void> {
  const { tree } = run
  if (tree === null || (run.fault?.code === 'backing_off' && tree.manifest.root === run.root)) return
  for (const target of run.targets) {
    if (context.world.stopping.aborted) break
    const { changed, repaired } = await applyTarget(context, target, tree)
    if (changed) run.settleMs = Math.max(run.settleMs, target.settleMs)
    run.changed ||= changed
    run.repaired ??= repaired
  }
  if (run.changed) await keepApplied(tree, context.config.publisherKeys, context.world)
}

/** A local tree that is not what its manifest says is not compiled again and again: the next run fetches it whole. */
async function dropDamagedTree({ world }: SyncContext, run: MapRun, error: unknown): Promise<void> {
  const cause = error instanceof AgentFault ? error.cause : error
  if (!(cause instanceof TreeError)) return
  world.log.warn({ map: run.map, fault: cause.message }, 'the local tree is damaged and will be fetched again')
  await rm(manifestFile(run.spec), { force: true })
}

export function resultOf({ state }: SyncContext, run: MapRun): MapResult {
  const held = run.targets.map((target) => state.targets[target.config.path])
  const applied = held.every((target) => target !== undefined) ? held : []
  // Targets differ only while one of them fails: the one that is behind says how far the map is.
  const behind = applied.find((target) => target.root !== run.tree?.manifest.root) ?? applied[0]
  return {
    map: run.map,
    applied: behind === undefined ? null : { cursor: behind.cursor, root: behind.root, entries: behind.entries },
    stagedCursor: run.tree === null ? null : renderCursor(run.tree.manifest.cursor),
    changed: run.changed,
    settleMs: run.settleMs,
    repaired: run.repaired,
    pinned: run.state.pinned?.cursor ?? null,
    newLineage: run.newLineage,
    fault: run.fault,
  }
}
