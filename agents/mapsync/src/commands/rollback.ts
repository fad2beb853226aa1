import { renderCursor } from '@muster/domain'
import { answer, CliFailure, command } from '@muster/runtime'
import type { Command } from 'commander'
import type { AgentConfig, TargetConfig } from '../config/agent-config.js'
import { loadConfig } from '../config/load-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import { withState } from '../state/with-state.js'
import { mapState, writeState, type AgentState } from '../state/state.js'
import { makeContext, targetsByMap } from '../steps/context.js'
import { findPrevious } from '../steps/keep.js'
import { openLocalTree } from '../steps/stage.js'
import { finish, type SyncResult } from '../steps/sync.js'
import { openMapRun, syncMap } from '../steps/sync-map.js'
import type { World } from '../world.js'
import { configOption, openWorld, withExitCode } from './frame.js'

export function rollbackCommand(): Command {
  const made = command({
    name: 'rollback',
    summary: 'Go back to the tree that was applied before, and stay there until --unpin.',
    examples: [
      ['muster-agent rollback popmap', 'to the tree before the present one'],
      ['muster-agent rollback popmap --unpin', 'the next sync goes on to what is published'],
    ],
  })
  return made
    .argument('<map>')
    .option('--unpin', 'let syncs go on again; changes no file')
    .addOption(configOption())
    .action(async (map: string, options: { config: string; unpin?: boolean }) => {
      const config = loadConfig(options.config)
      if (options.unpin === true) {
        await unpin(config, map)
        return answer(made, { map, pinned: null }, `${map}: the next sync goes on to what is published.`)
      }
      const result = await withExitCode(() => rollback(config, openWorld(), map))
      const [{ applied, fault } = { applied: null, fault: null }] = result.maps
      answer(
        made,
        { map, pinned: applied?.cursor ?? null },
        fault === null ? `${map}: back at ${applied?.cursor}, and pinned there.` : fault.message,
      )
      process.exitCode = result.exitCode
    })
}

/** Makes the tree that was applied before the present one the local tree again, compiles it, pins the map there, and reports it. */
export async function rollback(config: AgentConfig, world: World, map: string): Promise<SyncResult> {
  const targets = targetsOf(config, map)
  return withState(config.stateDir, async (state) => {
    const context = makeContext(config, state, world)
    const { spec } = openMapRun(context, map, targets)
    const tree = await openLocalTree(context, spec)
    const previous = tree === null ? null : await findPrevious(tree, config.publisherKeys)
    if (tree === null || previous === null)
      throw new CliFailure(EXIT_CODES.nothing_to_roll_back, 'nothing_to_roll_back', `There is no earlier applied tree of ${map}.`)
    // A pinned map goes back by the steps of every sync, so a kill in the middle is made good by the next one.
    mapState(state, map).pinned = { cursor: renderCursor(previous.manifest.cursor), at: world.now().toISOString() }
    await writeState(config.stateDir, state)
    const result = await syncMap(context, null, map, targets)
    await writeState(config.stateDir, state)
    return finish(context, [result])
  })
}

export async function unpin(config: AgentConfig, map: string): Promise<void> {
  targetsOf(config, map)
  await withState(config.stateDir, async (state: AgentState) => {
    mapState(state, map).pinned = null
    await writeState(config.stateDir, state)
  })
}

function targetsOf(config: AgentConfig, map: string): TargetConfig[] {
  const targets = targetsByMap(config).get(map)
  if (targets !== undefined) return targets
  const known = [...targetsByMap(config).keys()].join(', ')
  throw new CliFailure(EXIT_CODES.usage, 'usage', `The config names no map ${map}.`, `It names ${known}.`)
}
