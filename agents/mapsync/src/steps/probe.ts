import type { Entry } from '@muster/maps'
import { readShard, type Tree } from '@muster/maptree'
import { AgentFault, inStep } from '../fault.js'
import { differenceOf } from '../targets/read-back.js'
import { renderDifference, type Difference, type Lookup, type Place, type Target } from '../targets/target.js'
import { areComparable, changesTo, type Base, type EntryChange } from '../targets/tree-changes.js'
import type { World } from '../world.js'

/** Up to this many entries the whole file is read back every time: a tenth of a second for a popmap, half a second for a userdb. */
export const WHOLE_ENTRIES = 20_000
const SAMPLE_SHARDS = 8
const SAMPLE_OF_SHARD = 32
/** A key that no map can have: control characters are refused in all of them. */
export const ABSENT_KEY = '\u0001muster-absent'

/** What the target's files were compiled from, and how many entries each had. */
export interface ProbeBase extends Base {
  readonly counts: readonly number[]
}

export interface Probed {
  readonly counts: readonly number[]
  readonly whole: boolean
}

/**
 * Looks keys up in the files built aside, with the daemon's own library, before any daemon sees them: the number of entries, every changed
 * key, a random sample, and a key that must not be there; small maps, and those of which no earlier tree is known, whole.
 */
export async function probeTarget(target: Target, base: ProbeBase | null, tree: Tree, world: World): Promise<Probed> {
  const probed = await inStep('probe', async () => {
    const sampled = base !== null && tree.manifest.entries > WHOLE_ENTRIES && areComparable(base.tree, tree)
    const counts = sampled ? await probeChanges(target, base, tree, world) : null
    return counts === null ? probeWhole(target, tree, 'aside') : { counts, whole: false }
  })
  await world.at('probed')
  return probed
}

export async function probeWhole(target: Target, tree: Tree, place: Place): Promise<Probed> {
  const { root, counts, difference } = await target.readBack(tree, place)
  refuse(difference)
  if (root !== tree.manifest.root)
    throw new AgentFault('probe', 'probe_failed', `read back, the root is ${root} and not ${tree.manifest.root}`)
  withLookup(target, place, refuseAbsentKey)
  return { counts, whole: true }
}

/** Null when the target can only be read whole. */
async function probeChanges(target: Target, base: ProbeBase, tree: Tree, world: World): Promise<readonly number[] | null> {
  const lookup = target.openLookup('aside')
  if (lookup === null) return null
  try {
    const expected = [...base.counts]
    for await (const change of changesTo(tree, base)) probeChange(lookup, change, expected)
    const counts = lookup.counts()
    if (counts.some((count, file) => count !== expected[file])) {
      throw new AgentFault('probe', 'probe_failed', `there are ${counts.join(' and ')} entries, and ${expected.join(' and ')} should be`)
    }
    await probeSample(lookup, tree, world)
    refuseAbsentKey(lookup)
    return counts
  } finally {
    lookup.close()
  }
}

function probeChange(lookup: Lookup, { key, before, now }: EntryChange, expected: number[]): void {
  const expect = (line: string, sign: number) =>
    lookup.spread({ key, line }).forEach((n, file) => (expected[file] = (expected[file] ?? 0) + sign * n))
  if (before !== null) expect(before, -1)
  if (now !== null) {
    expect(now, 1)
    refuse(differenceOf({ key, line: now }, lookup.find({ key, line: now })))
  } else if (lookup.has(key)) refuse({ key, what: 'unexpected' })
}

/** Some entries of some shards, drawn anew each time. */
export async function probeSample(lookup: Lookup, tree: Tree, world: Pick<World, 'random'>): Promise<void> {
  const draw = (below: number) => Math.floor(world.random() * below)
  for (let n = 0; n < SAMPLE_SHARDS; n++) {
    const entries = await readShard(tree, draw(tree.manifest.shards.length))
    for (let m = 0; m < Math.min(SAMPLE_OF_SHARD, entries.length); m++) {
      const entry = entries[draw(entries.length)] as Entry
      refuse(differenceOf(entry, lookup.find(entry)))
    }
  }
}

/** A lookup that finds everything is as broken as one that finds nothing. */
function refuseAbsentKey(lookup: Lookup): void {
  if (lookup.has(ABSENT_KEY)) refuse({ key: null, what: 'unexpected' })
}

function withLookup(target: Target, place: Place, use: (lookup: Lookup) => void): void {
  const lookup = target.openLookup(place)
  if (lookup === null) return
  try {
    use(lookup)
  } finally {
    lookup.close()
  }
}

/** Log lines carry no addresses, so the fault does not name the key; `muster-agent verify` does. */
function refuse(difference: Difference | null): void {
  if (difference === null) return
  throw new AgentFault(
    'probe',
    'probe_failed',
    `an entry does not say what its tree says: ${renderDifference({ ...difference, key: null })}`,
  )
}
