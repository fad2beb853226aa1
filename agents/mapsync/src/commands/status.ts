import { readTree, TreeError } from '@muster/maptree'
import { answer, command, renderTable } from '@muster/runtime'
import { renderCursor } from '@muster/domain'
import type { Command } from 'commander'
import type { AgentConfig, TargetConfig } from '../config/agent-config.js'
import { loadConfig } from '../config/load-config.js'
import { liveFiles } from '../config/parse-config.js'
import { readStamps, sameStamps } from '../files/stamp.js'
import { mapState, readState, type AgentState, type MapFailure } from '../state/state.js'
import { targetsByMap, treeSpecOf } from '../steps/context.js'
import { findRunning } from '../run/run-agent.js'
import { HEAD_OLD_MS } from '../steps/pull.js'
import { configOption, renderAge } from './frame.js'

/** Where this host stands, from its own files: nothing is asked of anybody. */
export interface Status {
  readonly host: string
  /** The process that is `muster-agent run` here; null when there is none. */
  readonly running: number | null
  readonly head: { readonly cursor: string; readonly issued: string; readonly seenAt: string; readonly old: boolean } | null
  readonly maps: readonly MapStatus[]
}

export interface MapStatus {
  readonly map: string
  /** The cursor of the tree at hand; null without one. */
  readonly staged: string | null
  readonly entries: number | null
  readonly pinned: string | null
  readonly failure: MapFailure | null
  readonly targets: readonly TargetStatus[]
}

export interface TargetStatus {
  readonly target: string
  readonly path: string
  readonly applied: string | null
  readonly entries: number | null
  readonly appliedAt: string | null
  /** missing: never made, or gone. foreign: not the file that was put there. */
  readonly files: 'ours' | 'missing' | 'foreign'
}

export function statusCommand(): Command {
  const made = command({
    name: 'status',
    summary: 'Where this host stands with each of its maps.',
    examples: [['muster-agent status --json', 'for a monitor']],
  })
  return made.addOption(configOption()).action(async (options: { config: string }) => {
    const status = await readStatus(loadConfig(options.config), new Date())
    answer(made, status, renderStatus(status, new Date()))
  })
}

export async function readStatus(config: AgentConfig, now: Date): Promise<Status> {
  const state = await readState(config.stateDir)
  const maps: MapStatus[] = []
  for (const [map, targets] of targetsByMap(config)) maps.push(await readMapStatus(config, state, map, targets))
  const old = state.head !== null && now.getTime() - new Date(state.head.issued).getTime() > HEAD_OLD_MS
  const holder = await findRunning(config.stateDir)
  return { host: config.host, running: holder === null ? null : Number(holder), head: state.head && { ...state.head, old }, maps }
}

async function readMapStatus(config: AgentConfig, state: AgentState, map: string, targets: readonly TargetConfig[]): Promise<MapStatus> {
  const { failure, pinned } = mapState(state, map)
  const manifest = await readManifest(config, targets[0] as TargetConfig)
  return {
    map,
    staged: manifest === null ? null : renderCursor(manifest.cursor),
    entries: manifest?.entries ?? null,
    pinned: pinned?.cursor ?? null,
    failure,
    targets: await Promise.all(targets.map((target) => readTargetStatus(state, target))),
  }
}

async function readManifest(config: AgentConfig, target: TargetConfig) {
  try {
    return (await readTree(treeSpecOf(config, target), config.publisherKeys))?.manifest ?? null
  } catch (error) {
    if (error instanceof TreeError) return null
    throw error
  }
}

async function readTargetStatus(state: AgentState, config: TargetConfig): Promise<TargetStatus> {
  const applied = state.targets[config.path]
  const stamps = await readStamps(liveFiles(config))
  const ours = applied !== undefined && sameStamps(stamps, applied.stamps)
  return {
    target: config.target,
    path: config.path,
    applied: applied?.cursor ?? null,
    entries: applied?.entries ?? null,
    appliedAt: applied?.appliedAt ?? null,
    files: stamps === null ? 'missing' : ours ? 'ours' : 'foreign',
  }
}

function renderStatus({ host, running, head, maps }: Status, now: Date): string {
  const seen =
    head === null ? 'no HEAD read yet' : `HEAD ${head.cursor}, issued ${renderAge(head.issued, now)} ago${head.old ? ' (OLD)' : ''}`
  const rows = maps.flatMap((map) =>
    map.targets.map((target) => [
      map.map,
      map.staged ?? '-',
      target.applied ?? '-',
      String(target.entries ?? '-'),
      renderAge(target.appliedAt, now),
      `${target.target} ${target.path}${target.files === 'ours' ? '' : ` (${target.files})`}`,
    ]),
  )
  const notes = maps.flatMap((map) => [
    ...(map.pinned === null ? [] : [`${map.map}: pinned at ${map.pinned} by a rollback`]),
    ...(map.failure === null ? [] : [renderFailure(map.map, map.failure)]),
  ])
  const live = running === null ? 'muster-agent run is not active' : `muster-agent run is active (process ${running})`
  return [`${host}: ${seen}; ${live}`, renderTable(['map', 'staged', 'applied', 'entries', 'age', 'target'], rows), ...notes].join('\n')
}

function renderFailure(map: string, { step, code, reason, count, lastAt, retryAt }: MapFailure): string {
  const again = retryAt === null ? 'the next run tries again' : `not tried again before ${retryAt}`
  return `${map}: ${step} failed (${code}) ${count === 1 ? 'once' : `${count} times`}, last at ${lastAt}; ${again}: ${reason}`
}
