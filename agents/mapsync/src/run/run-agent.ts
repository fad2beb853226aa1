import { join } from 'node:path'
import { findDataFolderHolder, lockDataFolder, runService, type DataLock, type Lifetime, type Logger, type Service } from '@muster/runtime'
import type { AgentConfig } from '../config/agent-config.js'
import { readToken } from '../config/load-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import { makeStateDir } from '../state/state.js'
import { realWorld } from '../world.js'
import { startHeadWatch } from './head-watch.js'
import { startRounds, type RoundEnd } from './rounds.js'
import { openSystemd, type Systemd } from './systemd.js'

/** A round that takes longer than this hangs, and the watchdog is no longer fed. */
const LONGEST_ROUND_MS = 15 * 60_000
/** Whatever does not end between two steps in this time is cut off, which leaves old files or new ones as any kill does. */
const SHUTDOWN_MS = 20_000

export interface RunOptions {
  readonly config: AgentConfig
  readonly log: Logger
  readonly everyMs: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Keeps the host in step until SIGTERM: a round at the start, at every poke, and by itself now and then. */
export async function runAgent({ config, log, everyMs, env }: RunOptions): Promise<void> {
  const systemd = openSystemd(env)
  let known: (head: string | null) => void = () => {}
  const firstRound = new Promise<string | null>((resolve) => (known = resolve))
  let beganAt: number | null = null
  const onEnd = (end: RoundEnd) => {
    beganAt = null
    systemd.tell('READY=1', `STATUS=${describe(end)}`)
    known(end.head)
  }
  await runService({ log, shutdownMs: SHUTDOWN_MS }, async (service) => {
    await service.start('parent', () => watchParent(service))
    await service.start('state folder', () => lockRun(config.stateDir))
    await service.start('watchdog', () => startWatchdog(systemd, () => beganAt))
    const worldOf = (stopping: AbortSignal) => realWorld(log, stopping)
    const onBegin = () => (beganAt = performance.now())
    const rounds = await service.start('rounds', () => startRounds({ config, worldOf, everyMs, onBegin, onEnd }))
    const baseUrl = pokeAddress(config)
    if (baseUrl === null) return
    // The HEAD that wakes us is the one to go by where it comes from the source itself.
    const onHead = (text: string) => rounds.wake(config.source.kind === 'http' ? text : null)
    const watch = { baseUrl, readToken: () => readToken(config), log, random: Math.random, known: firstRound, onHead }
    await service.start('long-poll', () => startHeadWatch(watch))
  })
}

/** Where to wait for pokes: the source, or the API beside a source of another kind. Null: there is only the agent's own interval. */
function pokeAddress({ source, api }: AgentConfig): string | null {
  return source.kind === 'http' ? source.baseUrl : api
}

function describe({ head, exitCode }: RoundEnd): string {
  const [name = 'failed'] = Object.entries(EXIT_CODES).find(([, code]) => code === exitCode) ?? []
  return exitCode === EXIT_CODES.ok ? `in step with ${head ?? 'the tree at hand'}` : `the last round ended with ${name} (${exitCode})`
}

/** Tells systemd that we live while the event loop turns and no round hangs. */
function startWatchdog(systemd: Systemd, beganAt: () => number | null): Lifetime {
  const { watchdogMs } = systemd
  const feed = () => {
    const began = beganAt()
    if (began === null || performance.now() - began < LONGEST_ROUND_MS) systemd.tell('WATCHDOG=1')
  }
  const timer = watchdogMs === null ? undefined : setInterval(feed, watchdogMs / 3)
  return { unready: () => systemd.tell('STOPPING=1'), stop: () => clearInterval(timer) }
}

/** Who started us with a channel (`muster serve` does) need not live to end us. */
function watchParent(service: Service): Lifetime {
  const orphaned = () => service.requestStop('the process that started us is gone')
  if (process.connected) process.once('disconnect', orphaned)
  return {
    stop() {
      process.off('disconnect', orphaned)
      if (process.connected) process.disconnect()
    },
  }
}

/** Held as long as `run` runs. Each round takes the state folder's own lock besides, so that other commands get their turn between them. */
function lockRun(stateDir: string): Promise<DataLock> {
  makeStateDir(stateDir)
  return lockDataFolder(runFolder(stateDir))
}

/** The process that is `muster-agent run` on a state folder; null when there is none. */
export function findRunning(stateDir: string): Promise<string | null> {
  return findDataFolderHolder(runFolder(stateDir))
}

function runFolder(stateDir: string): string {
  return join(stateDir, 'run')
}
