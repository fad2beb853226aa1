import type { AgentConfig } from '../config/agent-config.js'
import { readToken } from '../config/load-config.js'
import { openHttpSource } from './http-source.js'
import { openPathSource } from './path-source.js'
import { openRsyncSource } from './rsync-source.js'
import type { Source } from './source.js'

export function openSource(config: AgentConfig): Source {
  const { source } = config
  if (source.kind === 'path') return openPathSource(source)
  if (source.kind === 'rsync') return openRsyncSource(source, config.ssh)
  return openHttpSource(source, readToken(config))
}
