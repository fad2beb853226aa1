import { CliFailure, command, createLogger, DataFolderBusy, EXIT } from '@muster/runtime'
import { InvalidArgumentError, type Command } from 'commander'
import { loadConfig } from '../config/load-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import { runAgent } from '../run/run-agent.js'
import { configOption } from './frame.js'

interface Options {
  readonly config: string
  readonly source?: string
  readonly every: number
}

export function runCommand(): Command {
  const made = command({
    name: 'run',
    summary: 'Stay, and do what sync --once does whenever something is published.',
    examples: [['muster-agent run', 'as a service; docs/operations/agent.md has the unit']],
  })
  return made
    .addOption(configOption())
    .option('--source <address>', 'fetch from here instead')
    .option('--every <seconds>', 'look by itself this often, give or take a fifth', parseSeconds, 30)
    .action(async (options: Options) => {
      const config = loadConfig(options.config, options.source)
      const log = createLogger({ level: process.env['MUSTER_LOG_LEVEL'] ?? 'info', name: 'muster-agent' })
      try {
        await runAgent({ config, log, everyMs: options.every * 1_000, env: process.env })
      } catch (error) {
        if (!(error instanceof DataFolderBusy)) throw error
        const holder = error.holder === null ? '' : ` (process ${error.holder})`
        throw new CliFailure(EXIT_CODES.locked, 'locked', `muster-agent run works in ${config.stateDir} already${holder}.`)
      }
      process.exitCode = EXIT.ok
    })
}

function parseSeconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Give a whole number of seconds from 1.')
  return Number(text)
}
