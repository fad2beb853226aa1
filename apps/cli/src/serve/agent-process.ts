import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Lifetime, Logger } from '@muster/runtime'

/** The agent's own program: it runs as a process of its own here, too, with the command line that every mail host uses. */
export const AGENT_PROGRAM = fileURLToPath(new URL('../../../../agents/mapsync/dist/main.js', import.meta.url))

export interface AgentProcessOptions {
  readonly configFile: string
  readonly log: Logger
  /** When there may be something to fetch. */
  readonly when: Promise<unknown>
  readonly program?: string
  /** Before the second start; it doubles while the agent ends soon, up to 30 s. */
  readonly firstPauseMs?: number
}

const LONGEST_PAUSE_MS = 30_000
/** Who ran this long did not end for what it met at its start. */
const SOON_MS = 60_000

/** `muster-agent run`, started again whenever it ends by itself. What it logs from `warn` up goes into our log. */
export function startAgentProcess(options: AgentProcessOptions): Lifetime {
  const stopping = new AbortController()
  const running = supervise(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function supervise(options: AgentProcessOptions, stopping: AbortSignal): Promise<void> {
  const { log, when, firstPauseMs = 1_000 } = options
  await Promise.race([when, new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))])
  for (let pauseMs = firstPauseMs; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const began = performance.now()
    const exit = await runAgent(options, stopping)
    if (stopping.aborted) return
    if (performance.now() - began > SOON_MS) pauseMs = firstPauseMs
    log.error({ exit, againInMs: pauseMs }, 'the agent of host local ended; its maps stay as they were')
    await sleep(pauseMs, null, { signal: stopping }).catch(() => undefined)
  }
}

/** Answers the exit code, or the signal that ended it. */
async function runAgent(
  { configFile, log, program = AGENT_PROGRAM }: AgentProcessOptions,
  stopping: AbortSignal,
): Promise<number | string> {
  // In a process group of its own: Ctrl-C is for us, and we tell the agent when it is its turn.
  const child = spawn(process.execPath, [program, 'run', '--config', configFile], {
    // The channel closes with us, however we end: an agent that nobody stops any more stops by itself.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
    env: { PATH: process.env['PATH'], MUSTER_LOG_LEVEL: 'warn' },
  })
  if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => passOn(line, log))
  const stop = () => child.kill('SIGTERM')
  stopping.addEventListener('abort', stop)
  try {
    return await exitOf(child)
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

const ERROR_LEVEL = 50

/** The agent writes JSON lines as we do; what else comes from it is told as it is. */
function passOn(line: string, log: Logger): void {
  const { level, time: _time, pid: _pid, hostname: _hostname, name: _name, msg, ...fields } = parseLogLine(line)
  log[level >= ERROR_LEVEL ? 'error' : 'warn'](fields, `the agent of host local: ${msg}`)
}

function parseLogLine(line: string): { level: number; msg: string; [field: string]: unknown } {
  try {
    const value = JSON.parse(line) as Record<string, unknown>
    return { ...value, level: Number(value['level']), msg: String(value['msg']) }
  } catch {
    return { level: ERROR_LEVEL, msg: line }
  }
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? String(signal)))
  })
}
