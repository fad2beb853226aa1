import { answer, command, renderTable } from '@muster/runtime'
import type { Command } from 'commander'
import { loadConfig } from '../config/load-config.js'
import type { AgentConfig } from '../config/agent-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import type { World } from '../world.js'
import { examineApi, examineFiles, examineLibrary, examinePrograms, examineSource } from './examine.js'
import { configOption, openWorld } from './frame.js'

/** One thing looked at. `advice`: it works, and could be better. `fault`: a sync will fail by it. */
export interface Finding {
  readonly level: 'ok' | 'advice' | 'fault'
  readonly what: string
  readonly detail: string
}

export function doctorCommand(): Command {
  const made = command({
    name: 'doctor',
    summary: 'Look for what would keep a sync from working: permissions, library, clock, source, keys, config.',
    examples: [['muster-agent doctor', 'exit code 0 when there is nothing to put right, 25 otherwise']],
  })
  return made.addOption(configOption()).action(async (options: { config: string }) => {
    const findings = await examine(loadConfig(options.config), openWorld())
    const rows = findings.map(({ level, what, detail }) => [level, what, detail])
    answer(made, { findings }, renderTable(['', 'what', 'found'], rows))
    if (findings.some(({ level }) => level !== 'ok')) process.exitCode = EXIT_CODES.advice
  })
}

export async function examine(config: AgentConfig, world: World): Promise<Finding[]> {
  return [
    examineLibrary(),
    ...examinePrograms(config),
    ...(await examineFiles(config)),
    ...(await examineSource(config, world)),
    ...(await examineApi(config)),
  ]
}
