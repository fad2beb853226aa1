import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@muster/client'
import type { Lifetime, Logger } from '@muster/runtime'

export interface HeadWatchOptions {
  /** Where the publisher answers HTTP. */
  readonly baseUrl: string
  /** Read for each question: the key may be replaced while we run. */
  readonly readToken: () => string
  readonly log: Logger
  readonly random: () => number
  /** The cursor of the HEAD that the first round read, once that has ended. */
  readonly known: Promise<string | null>
  /** Another HEAD that concerns this host, as it came: nobody has checked who signed it. */
  readonly onHead: (text: string) => void
}

const WAIT_SECONDS = 55
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/**
 * Waits at the publisher for the next HEAD, again and again. It is only ever a poke: what is lost here is found by the next round that
 * begins by itself. A publisher that is away, or answers what nobody asked, is asked again after a pause that doubles.
 */
export function startHeadWatch(options: HeadWatchOptions): Lifetime {
  const stopping = new AbortController()
  const running = watch(options, stopping.signal)
  return {
    quiesce: () => stopping.abort(),
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function watch({ baseUrl, readToken, log, random, known, onHead }: HeadWatchOptions, stopping: AbortSignal): Promise<void> {
  let after = await Promise.race([known, aborted(stopping)])
  let failures = 0
  while (!stopping.aborted) {
    try {
      const text = await ask(createClient({ baseUrl, key: readToken(), signal: stopping }), after)
      if (failures > 0) log.info('the publisher can be waited at again')
      failures = 0
      if (text === null) continue
      after = text.cursor
      onHead(text.head)
    } catch (error) {
      if (stopping.aborted) return
      const reason = error instanceof Error ? error.message : String(error)
      log[failures === 0 ? 'warn' : 'debug']({ reason }, 'waiting at the publisher failed; it will be tried again')
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures++, 16), LONGEST_PAUSE_MS) * (0.5 + random())
      await sleep(pauseMs, null, { signal: stopping }).catch(() => undefined)
    }
  }
}

/** Null when nothing came while we waited. What would have us ask again at once, and again, is an error. */
async function ask({ publisher }: ReturnType<typeof createClient>, after: string | null): Promise<{ head: string; cursor: string } | null> {
  const began = performance.now()
  const head = await publisher.waitForHead(after, WAIT_SECONDS)
  if (head === null) {
    if (performance.now() - began < WAIT_SECONDS * 500) throw new Error('the publisher let us go before the time was up')
    return null
  }
  const cursor = /^cursor (\S+)$/m.exec(head)?.[1]
  if (cursor === undefined || cursor === after) throw new Error('the publisher did not answer with another HEAD')
  return { head, cursor }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
}
