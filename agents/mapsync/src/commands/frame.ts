import { CliFailure, createLogger } from '@muster/runtime'
import { Option } from 'commander'
import { DEFAULT_CONFIG } from '../config/load-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import { toFault } from '../fault.js'
import { realWorld, type World } from '../world.js'

export function configOption(): Option {
  return new Option('--config <file>', 'the config file').default(DEFAULT_CONFIG)
}

/** The machine as it is, with the log on stderr; MUSTER_LOG_LEVEL says how much of it. */
export function openWorld(): World {
  return realWorld(createLogger({ level: process.env['MUSTER_LOG_LEVEL'] ?? 'info', name: 'muster-agent' }))
}

/** `4 m`, `3 h`, `2 d`: how long ago. */
export function renderAge(since: string | null, now: Date): string {
  if (since === null) return '-'
  const minutes = Math.max(0, Math.round((now.getTime() - new Date(since).getTime()) / 60_000))
  if (minutes < 120) return `${minutes} m`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

/** Runs a command's work; what goes wrong ends it with the exit code of its own. */
export async function withExitCode<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CliFailure) throw error
    const { code, message } = toFault(error, 'boot')
    throw new CliFailure(EXIT_CODES[code], code, message)
  }
}
