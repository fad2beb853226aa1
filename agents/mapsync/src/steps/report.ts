import { createClient } from '@muster/client'
import type { AgentReport } from '@muster/contract'
import type { AgentConfig } from '../config/agent-config.js'
import { readToken } from '../config/load-config.js'
import { AgentFault } from '../fault.js'
import type { MapResult } from './sync-map.js'

/** What the host says of one map: how far its compiled files are, and what is wrong now. */
export function renderReport(result: MapResult, oldHead: string | null): AgentReport {
  const wrong = whatIsWrong(result, oldHead)
  const standing = { map: result.map, failedStep: wrong?.step ?? null, reason: wrong === null ? null : toReason(wrong.reason) }
  if (result.applied === null) return { ...standing, cursor: result.stagedCursor, root: null, level: 'staged' }
  return { ...standing, cursor: result.applied.cursor, root: result.applied.root, level: 'effective' }
}

/** As the API takes it; a cut may go through a surrogate pair. */
function toReason(text: string): string {
  return text.slice(0, 1000).replaceAll(/[\0\p{Cs}]/gu, '?')
}

function whatIsWrong({ fault, repaired, pinned }: MapResult, oldHead: string | null): { step: string; reason: string } | null {
  if (fault !== null) return { step: fault.step, reason: fault.message }
  if (repaired !== null) return { step: 'check', reason: `${repaired}; it was compiled again` }
  if (pinned !== null) return { step: 'pinned', reason: `rolled back to ${pinned} by the operator, and stays there` }
  return oldHead === null ? null : { step: 'head-age', reason: oldHead }
}

/** Tells the API; null when that went well or none is configured. A host is in step whether or not anybody knows. */
export async function sendReports(config: AgentConfig, reports: readonly AgentReport[]): Promise<AgentFault | null> {
  if (config.api === null || reports.length === 0) return null
  try {
    const client = createClient({ baseUrl: config.api, key: readToken(config) })
    const { ignored } = await client.hosts.report(config.host, reports)
    if (ignored.length === 0) return null
    return new AgentFault('report', 'report_failed', `the API took no report of ${ignored.join(', ')}: not a map of this host by its roles`)
  } catch (error) {
    return new AgentFault('report', 'report_failed', error instanceof Error ? error.message : String(error), { cause: error })
  }
}
