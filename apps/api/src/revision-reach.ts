import type { RevisionHost, RevisionMap } from '@muster/contract'
import { mapName, planHostMaps, renderCursor, type Cursor, type Host, type HostReport } from '@muster/domain'

export type RevisionLevel = 'applied' | 'effective'

export interface ReachFacts {
  readonly revision: number
  /** The maps that the revision touched. */
  readonly maps: readonly string[]
  readonly head: Cursor
  /** null where nobody here publishes. */
  readonly published: PublishedMaps | null
  readonly hosts: readonly Host[]
  /** One a host and map. */
  readonly reports: readonly HostReport[]
}

/** What the publisher has brought the maps to: `cursor` for all, and for each map the last cursor that changed it, never a later one. */
export interface PublishedMaps {
  readonly cursor: Cursor
  readonly maps: ReadonlyMap<string, Cursor>
}

export interface Reach {
  readonly reached: number
  readonly of: number
  readonly hosts: RevisionHost[]
}

const STRENGTH = { staged: 0, applied: 1, effective: 2 } as const

/**
 * Which hosts have a revision. It concerns a host when it touched a map that the host's roles need; every other host has nothing to
 * fetch and so has it already.
 */
export function planReach(facts: ReachFacts, level: RevisionLevel): Reach {
  const hosts = facts.hosts.map((host) => reachOfHost(host, facts, level))
  const concerned = hosts.filter((host) => host.concerned)
  return { reached: concerned.filter((host) => host.reached).length, of: concerned.length, hosts }
}

function reachOfHost(host: Host, facts: ReachFacts, level: RevisionLevel): RevisionHost {
  const touched = planHostMaps(host)
    .map(mapName)
    .filter((map) => facts.maps.includes(map))
  const maps = touched.map((map) => reachOfMap(host.name, map, facts, level))
  return { host: host.name, concerned: maps.length > 0, reached: maps.every((map) => map.reached), maps }
}

function reachOfMap(host: string, map: string, facts: ReachFacts, level: RevisionLevel): RevisionMap {
  const report = facts.reports.find((one) => one.host === host && one.map === map)
  const cursor = report?.cursor ?? null
  const strongEnough = report !== undefined && STRENGTH[report.level] >= STRENGTH[level]
  return {
    map,
    reached: strongEnough && cursor !== null && holds(cursor, map, facts),
    cursor: cursor && renderCursor(cursor),
    level: report?.level ?? null,
    failedStep: report?.failedStep ?? null,
    reason: report?.reason ?? null,
  }
}

/**
 * Whether a map at this cursor has all of it that the revision holds: the cursor is at or past the revision, or nothing that was
 * published up to the revision and beyond changed the map after it (a new password leaves a popmap as it was). A cursor of another
 * lineage says nothing of the history that came of a restore.
 */
function holds(cursor: Cursor, map: string, { head, revision, published }: ReachFacts): boolean {
  if (cursor.lineage !== head.lineage) return false
  if (cursor.revision >= revision) return true
  const changed = published?.maps.get(map)
  if (published === null || changed === undefined || published.cursor.lineage !== head.lineage) return false
  return published.cursor.revision >= revision && changed.lineage === head.lineage && cursor.revision >= changed.revision
}
