import { answer, CliFailure, command, EXIT, renderTable } from '@muster/runtime'
import { Option, type Command } from 'commander'
import { loadConfig } from '../config/load-config.js'
import { GUARDS, type Guard } from '../exit-codes.js'
import { sync, type SyncResult } from '../steps/sync.js'
import type { MapResult } from '../steps/sync-map.js'
import { configOption, openWorld, withExitCode } from './frame.js'

interface Options {
  readonly once?: boolean
  readonly config: string
  readonly source?: string
  readonly force?: Guard[]
}

export function syncCommand(): Command {
  const made = command({
    name: 'sync',
    summary: 'Fetch what is published, compile it, and put it in place.',
    examples: [
      ['muster-agent sync --once', 'one round, for cron or a systemd timer'],
      ['muster-agent sync --once --force shrunk', 'take a map that lost many entries, once'],
    ],
  })
  return made
    .option('--once', 'one round, then end')
    .addOption(configOption())
    .option('--source <address>', 'fetch from here instead: rsync+ssh://, https://, rsync:// or a path')
    .addOption(new Option('--force <guard...>', 'override a refusal by its name').choices(GUARDS))
    .action(async (options: Options) => {
      if (options.once !== true) throw new CliFailure(EXIT.usage, 'usage', 'Say --once: cron or a systemd timer starts each round.')
      const result = await withExitCode(() => sync(loadConfig(options.config, options.source), openWorld(), { force: options.force }))
      answer(made, toJson(result), renderResult(result))
      process.exitCode = result.exitCode
    })
}

export function toJson({ maps, oldHead, reportFault, exitCode }: SyncResult) {
  return {
    exitCode,
    maps: maps.map(mapToJson),
    oldHead,
    reportFailure: reportFault?.message ?? null,
  }
}

function mapToJson({ map, applied, stagedCursor, changed, repaired, pinned, newLineage, fault }: MapResult) {
  const failure = fault === null ? null : { step: fault.step, code: fault.code, reason: fault.message }
  return { map, applied, stagedCursor, changed, repaired, pinned, newLineage, failure }
}

/** Nothing where nothing happened. */
function renderResult({ maps }: SyncResult): string {
  const told = maps.filter((map) => map.changed || map.fault !== null)
  if (told.length === 0) return ''
  return renderTable(['map', 'cursor', 'entries', 'what'], told.map(toRow))
}

function toRow({ map, applied, fault }: MapResult): string[] {
  const what = fault === null ? 'swapped in' : `${fault.step} failed (${fault.code}): ${fault.message}`
  return [map, applied?.cursor ?? '-', String(applied?.entries ?? '-'), what]
}
