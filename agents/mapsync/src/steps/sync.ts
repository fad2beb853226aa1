import { renderCursor } from '@muster/domain'
import type { Head } from '@muster/maptree'
import { EXIT_CODES, type Guard } from '../exit-codes.js'
import { toFault, type AgentFault } from '../fault.js'
import type { AgentConfig } from '../config/agent-config.js'
import { withState } from '../state/with-state.js'
import { writeState } from '../state/state.js'
import type { World } from '../world.js'
import { makeContext, targetsByMap, type SyncContext } from './context.js'
import { HEAD_OLD_MS, pullHead } from './pull.js'
import { renderReport, sendReports } from './report.js'
import { syncMap, type MapResult } from './sync-map.js'

export interface SyncResult {
  /** The cursor of the HEAD that was read; null when none could be. */
  readonly head: string | null
  readonly maps: readonly MapResult[]
  /** Why nobody looked at the directory lately, or null. */
  readonly oldHead: string | null
  readonly reportFault: AgentFault | null
  readonly exitCode: number
}

export interface SyncOptions {
  readonly force?: Iterable<Guard> | undefined
  /** The text of a HEAD that was just fetched from the source. */
  readonly fetchedHead?: string | null
}

/**
 * One round: BOOT, PULL, STAGE, COMPILE, PROBE, SWAP, SETTLE, REPORT. Maps are independent: one that fails holds up no other. Throws only
 * where no map can be worked on at all (another run holds the lock, the state folder cannot be used). When the process is to end it ends
 * between two steps, and reports nothing: the next round finds what is left to do.
 */
export async function sync(config: AgentConfig, world: World, { force = [], fetchedHead = null }: SyncOptions = {}): Promise<SyncResult> {
  return withState(config.stateDir, async (state) => {
    const context = makeContext(config, state, world, force)
    context.fetchedHead = fetchedHead
    const headFault = await readHead(context)
    const maps: MapResult[] = []
    for (const [map, targets] of targetsByMap(config)) {
      if (world.stopping.aborted) break
      maps.push(await syncMap(context, headFault, map, targets))
      logResult(world, maps.at(-1) as MapResult)
      await writeState(config.stateDir, state)
      await world.at('state-written')
    }
    return finish(context, maps)
  })
}

/** SETTLE and REPORT. */
export async function finish(context: SyncContext, maps: readonly MapResult[]): Promise<SyncResult> {
  const { config, world } = context
  const oldHead = context.head === null ? null : describeOldHead(context.head, world.now())
  if (oldHead !== null) world.log.warn({ issued: context.head?.issued }, 'HEAD is old: nobody looked at the directory since')
  if (config.api !== null) await world.sleep(Math.max(0, ...maps.map((map) => map.settleMs)), world.stopping)
  if (world.stopping.aborted) return { head: cursorOf(context), maps, oldHead, reportFault: null, exitCode: EXIT_CODES.ok }
  const reportFault = await sendReports(
    config,
    maps.map((map) => renderReport(map, oldHead)),
  )
  if (reportFault !== null) world.log.warn({ reason: reportFault.message }, 'the report was not taken')
  await world.at('reported')
  const fault = maps.find((map) => map.fault !== null)?.fault ?? reportFault
  return { head: cursorOf(context), maps, oldHead, reportFault, exitCode: fault === null ? EXIT_CODES.ok : EXIT_CODES[fault.code] }
}

function cursorOf({ head }: SyncContext): string | null {
  return head && renderCursor(head.cursor)
}

async function readHead(context: SyncContext): Promise<AgentFault | null> {
  try {
    context.head = await pullHead(context)
    return null
  } catch (error) {
    const fault = toFault(error, 'pull')
    context.world.log.warn({ source: context.config.source, reason: fault.message }, 'HEAD could not be read')
    return fault
  }
}

function describeOldHead(head: Head, now: Date): string | null {
  const ageMs = now.getTime() - head.issued.getTime()
  return ageMs <= HEAD_OLD_MS ? null : `HEAD was issued at ${head.issued.toISOString()}, ${Math.round(ageMs / 60_000)} minutes ago`
}

function logResult({ log }: World, { map, applied, changed, repaired, newLineage, fault }: MapResult): void {
  const fields = { map, cursor: applied?.cursor ?? null, entries: applied?.entries ?? null }
  if (newLineage) log.warn(fields, 'a new lineage of the directory began')
  if (repaired !== null) log.error({ ...fields, reason: repaired }, 'a compiled map was not what its tree says, and was compiled again')
  if (fault !== null)
    log.error({ ...fields, step: fault.step, code: fault.code, reason: fault.message }, 'the map keeps its last good state')
  else if (changed) log.info(fields, 'the map is swapped in')
  else log.debug(fields, 'the map is in step')
}
