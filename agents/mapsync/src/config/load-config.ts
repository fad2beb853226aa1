import { readFileSync } from 'node:fs'
import { CliFailure } from '@muster/runtime'
import { EXIT_CODES } from '../exit-codes.js'
import type { AgentConfig } from './agent-config.js'
import { parseConfig } from './parse-config.js'
import { parseSource } from './parse-source.js'

export const DEFAULT_CONFIG = '/etc/muster-agent/agent.json'

/** Reads the config file; `source` overrides the one in it. All its faults come in one error. */
export function loadConfig(file: string, source?: string): AgentConfig {
  const fail = (lines: readonly string[]): never => {
    throw new CliFailure(EXIT_CODES.config_invalid, 'config_invalid', `${file} cannot be used:\n${lines.map((l) => `  ${l}`).join('\n')}`)
  }
  const parsed = parseConfig(readJson(file, fail), (path) => readFileSync(path, 'utf8'))
  if (!parsed.ok) return fail(parsed.faults)
  if (source === undefined) return parsed.config
  const address = parseSource(source)
  if (!address.ok) throw new CliFailure(EXIT_CODES.usage, 'usage', `--source ${source}: ${address.detail}`)
  if (address.value.kind === 'http' && parsed.config.tokenFile === null) return fail(['tokenFile: is needed for an https source'])
  return { ...parsed.config, source: address.value }
}

function readJson(file: string, fail: (lines: readonly string[]) => never): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return fail([error instanceof Error ? error.message : String(error)])
  }
}

/** The host key, read anew each time: it may be replaced while the agent runs. */
export function readToken(config: Pick<AgentConfig, 'tokenFile'>): string {
  if (config.tokenFile === null) throw new Error('no tokenFile is configured')
  return readFileSync(config.tokenFile, 'utf8').trim()
}
