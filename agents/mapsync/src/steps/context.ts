import { mapKinds } from '@muster/maps'
import { treeSpec, type Head, type TreeSpec } from '@muster/maptree'
import { join } from 'node:path'
import type { AgentConfig, TargetConfig } from '../config/agent-config.js'
import type { Guard } from '../exit-codes.js'
import { openSource } from '../sources/open-source.js'
import type { Source } from '../sources/source.js'
import type { AgentState } from '../state/state.js'
import type { World } from '../world.js'

/** What the steps of one run share. `state` is the only part that changes. */
export interface SyncContext {
  readonly config: AgentConfig
  readonly state: AgentState
  readonly force: ReadonlySet<Guard>
  readonly world: World
  /** Opened when it is first asked for: status, verify and rollback need none. */
  source(): Source
  /** null when the source could not be read in this run. */
  head: Head | null
  /** The text of a HEAD that was fetched before the run began, until it is read. */
  fetchedHead: string | null
}

export function makeContext(config: AgentConfig, state: AgentState, world: World, force: Iterable<Guard> = []): SyncContext {
  let source: Source | undefined
  return { config, state, world, force: new Set(force), head: null, fetchedHead: null, source: () => (source ??= openSource(config)) }
}

/** Where the agent keeps its tree of a map. */
export function treeSpecOf(config: Pick<AgentConfig, 'stateDir'>, { ref }: Pick<TargetConfig, 'ref'>): TreeSpec {
  return treeSpec(join(config.stateDir, 'trees'), ref, mapKinds[ref.kind])
}

/** Where an interrupted pull finds what it had. */
export function incomingFolder(config: Pick<AgentConfig, 'stateDir'>, map: string): string {
  return join(config.stateDir, 'incoming', map)
}

/** The maps of the config, each with its targets, in the config's order. */
export function targetsByMap(config: Pick<AgentConfig, 'targets'>): Map<string, TargetConfig[]> {
  const maps = new Map<string, TargetConfig[]>()
  for (const target of config.targets) maps.set(target.map, [...(maps.get(target.map) ?? []), target])
  return maps
}
