import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startLoop, type Logger, type Loop } from '@muster/runtime'

/** The agent's own program: it runs as a process of its own here, too, with the command line that every mail host uses. */
export const AGENT_PROGRAM = fileURLToPath(new URL('../../../../agents/mapsync/dist/main.js', import.meta.url))

const LONGEST_FAILURE = 1_000

export interface AgentLoopOptions {
  readonly configFile: string
  readonly log: Logger
  /** Whether there is something to fetch yet. */
  readonly hasSource: () => boolean
  readonly program?: string
  /** How often it looks by itself, as agents do; a publication wakes it sooner. */
  readonly everyMs?: number
  /** The least time between two runs. */
  readonly paceMs?: number
}

/** `muster-agent sync --once`, again and again, one at a time: after each publication, soon after a failure, and now and then. */
export function startAgentLoop(options: AgentLoopOptions): Loop {
  const { configFile, log, hasSource, program = AGENT_PROGRAM, everyMs = 30_000, paceMs = 500 } = options
  const failures = createFailureLog(log)
  let retry: NodeJS.Timeout | undefined
  const loop = startLoop({
    name: 'agent of host local',
    everyMs,
    log,
    async work(stopping) {
      clearTimeout(retry)
      if (!hasSource()) return
      const inARow = failures.note(await runAgent(program, configFile, stopping))
      if (inARow > 0) retry = setTimeout(() => loop.wake(), Math.min(1_000 * 2 ** (inARow - 1), everyMs)).unref()
      await sleep(paceMs, null, { signal: stopping }).catch(() => undefined)
    },
  })
  return loop
}

/** A failure that stays the same is said once. The agent itself keeps the last good maps, and does not try a bad state in a tight loop. */
function createFailureLog(log: Logger) {
  let last = ''
  let inARow = 0
  return {
    /** Empty for a run that went well; answers how many have failed in a row. */
    note(failure: string): number {
      if (failure !== '' && failure !== last) log.warn({ failure }, 'the agent of host local failed; its maps stay as they were')
      if (failure === '' && last !== '') log.info('the agent of host local is in step again')
      last = failure
      inARow = failure === '' ? 0 : inARow + 1
      return inARow
    },
  }
}

/** Empty when all went well; else the exit code and what the agent said last. */
async function runAgent(program: string, configFile: string, stopping: AbortSignal): Promise<string> {
  // In a process group of its own: Ctrl-C is for us, and we tell the agent when it is its turn.
  const child = spawn(process.execPath, [program, 'sync', '--once', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: process.env['PATH'], MUSTER_LOG_LEVEL: 'silent' },
  })
  const stop = () => child.kill('SIGTERM')
  stopping.addEventListener('abort', stop)
  try {
    const { code, said } = await outcomeOf(child)
    return code === 0 || stopping.aborted ? '' : `exit ${code}: ${said}`
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

function outcomeOf(child: ChildProcess): Promise<{ code: number | string | null; said: string }> {
  let said = ''
  const hear = (chunk: Buffer) => (said = (said + chunk.toString()).slice(-LONGEST_FAILURE))
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code: code ?? signal, said: said.trim() }))
  })
}
