import { CliFailure, startLoop, type Lifetime } from '@muster/runtime'
import type { AgentConfig } from '../config/agent-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import { sync } from '../steps/sync.js'
import type { World } from '../world.js'

/** What a round came to. */
export interface RoundEnd {
  /** The cursor of the HEAD that it read; null when it read none. */
  readonly head: string | null
  readonly exitCode: number
}

export interface RoundsOptions {
  readonly config: AgentConfig
  /** The machine for one round, which is to end when the signal says so. */
  readonly worldOf: (stopping: AbortSignal) => World
  /** How long after a round the next begins by itself. */
  readonly everyMs: number
  readonly onBegin?: () => void
  readonly onEnd: (end: RoundEnd) => void
}

export interface Rounds extends Lifetime {
  /** Begins a round as soon as none is under way. However often it is called meanwhile, it is one; `fetchedHead` is the HEAD to go by. */
  wake(fetchedHead: string | null): void
}

const FIRST_RETRY_MS = 1_000
/** These pass without anything new being published, so the next round comes sooner than it would by itself. */
const PASSING: readonly number[] = [EXIT_CODES.source_unreachable, EXIT_CODES.report_failed, EXIT_CODES.locked, EXIT_CODES.failed]

/** Round after round of what `sync --once` does, one at a time. */
export function startRounds({ config, worldOf, everyMs, onBegin, onEnd }: RoundsOptions): Rounds {
  let head: string | null = null
  let failures = 0
  let retry: NodeJS.Timeout | undefined
  const { log, random } = worldOf(new AbortController().signal)
  const loop = startLoop({
    name: 'rounds',
    everyMs,
    log,
    async work(stopping) {
      clearTimeout(retry)
      const fetchedHead = head
      head = null
      onBegin?.()
      const end = await runRound(config, worldOf(stopping), fetchedHead)
      if (stopping.aborted) return
      failures = PASSING.includes(end.exitCode) ? failures + 1 : 0
      const retryMs = FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16) * (1 + random())
      if (failures > 0 && retryMs < everyMs) retry = setTimeout(() => loop.wake(), retryMs)
      onEnd(end)
    },
  })
  return {
    wake(fetchedHead) {
      head = fetchedHead
      loop.wake()
    },
    quiesce: () => loop.quiesce?.(),
    async stop() {
      await loop.stop()
      clearTimeout(retry)
    },
  }
}

/** Nothing that goes wrong in a round ends the process: the maps in use stay, and the next round tries again. */
async function runRound(config: AgentConfig, world: World, fetchedHead: string | null): Promise<RoundEnd> {
  try {
    return await sync(config, world, { fetchedHead })
  } catch (error) {
    const exitCode = error instanceof CliFailure ? error.exitCode : EXIT_CODES.failed
    world.log.error({ reason: error instanceof Error ? error.message : String(error) }, 'the round could not be done')
    return { head: null, exitCode }
  }
}
