import type { RevisionHost, RevisionMap } from '@muster/contract'
import { mapName, planHostMaps, renderCursor, type Cursor, type Host, type HostReport } from '@muster/domain'

export type RevisionLevel = 'applied' | 'effective'

export interface ReachFacts {
  readonly revision: number
  /** The maps that the revision touched. */
  readonly maps: readonly string[]
  readonly head: Cursor
  readonly hosts: readonly Host[]
  /** One a host and map. */
  readonly reports: readonly HostReport[]
}

export interface Reach {
  readonly reached: number
  readonly of: number
  readonly hosts: RevisionHost[]
}

const STRENGTH = { staged: 0, applied: 1, effective: 2 } as const

/**
 * Which hosts have a revision. It concerns a host when it touched a map that the host's roles need; every other host has nothing to
 * fetch and so has it already. A host has it on a map when it reported a cursor of the present lineage at or after the revision: what
 * was reported before a restore says nothing about the history that came of it.
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
    reached: strongEnough && cursor?.lineage === facts.head.lineage && cursor.revision >= facts.revision,
    cursor: cursor && renderCursor(cursor),
    level: report?.level ?? null,
    failedStep: report?.failedStep ?? null,
    reason: report?.reason ?? null,
  }
}
