import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/**
 * A part of a process that lives from its start to its stop: a server, a loop, a child process. On the way down every part first hears
 * `unready` (answer "not ready", still serve), then `quiesce` (take no new work), then `stop` (finish what is under way, let go).
 */
export interface Lifetime {
  unready?(): void | Promise<void>
  quiesce?(): void | Promise<void>
  stop(): void | Promise<void>
  /** Settles when the part ended by itself, which ends the service; a rejection says why. */
  readonly failed?: Promise<unknown>
}

export interface Service {
  /** Starts the next part, which may use all before it. Parts stop in the reverse order. Throws once a stop was asked for. */
  start<T extends Lifetime>(name: string, starter: () => T | Promise<T>): Promise<T>
  /** True once all parts run, false again from the moment a stop is asked for. */
  isReady(): boolean
  /** Ends the service as SIGTERM does. */
  requestStop(reason: string): void
}

export interface ServiceOptions {
  readonly log: Logger
  /** How long the whole way down may take before the process is cut short. */
  readonly shutdownMs: number
  /** Where signals come from, and how the process ends at once; replaced in tests. */
  readonly host?: ServiceHost
}

export interface ServiceHost {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): void
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): void
  exit(code: number): void
}

/** Thrown from Service.start when a stop was asked for while parts were still starting. */
class StopRequested extends Error {}

interface Part {
  readonly name: string
  readonly lifetime: Lifetime
}

/** The same Ctrl-C can come twice: from the terminal and passed on by npm. Only a signal after this counts as the second. */
const SAME_SIGNAL_MS = 500
/** Every so often, what still has not stopped is named in the log. */
const NAG_MS = 5_000

/**
 * Runs parts in order until SIGTERM, SIGINT or a part that ended by itself, then stops them in reverse. Resolves once all have stopped;
 * rejects when a part failed, after the others have stopped. A second signal ends the process at once with 128 + its number.
 */
export async function runService(options: ServiceOptions, compose: (service: Service) => Promise<void>): Promise<void> {
  const { log, shutdownMs, host = process } = options
  const parts: Part[] = []
  const stop = watchSignals(log, host)
  let ready = false
  const service: Service = {
    async start(name, starter) {
      if (stop.requested()) throw new StopRequested()
      const lifetime = await starter()
      parts.push({ name, lifetime })
      lifetime.failed?.then(
        () => stop.request({ failed: new Error(`${name} ended by itself`) }),
        (error: unknown) => stop.request({ failed: error }),
      )
      if (stop.requested()) throw new StopRequested()
      return lifetime
    },
    isReady: () => ready && !stop.requested(),
    requestStop: (reason) => stop.request({ reason }),
  }
  try {
    await compose(service)
    ready = true
    const cause = await stop.promise
    if ('failed' in cause) throw cause.failed
  } catch (error) {
    if (!(error instanceof StopRequested)) throw error
  } finally {
    stop.request({ reason: 'start failed' })
    await shutDown(parts, log, shutdownMs, host)
    stop.forget()
  }
}

type StopCause = { readonly reason: string } | { readonly failed: unknown }

function watchSignals(log: Logger, host: ServiceHost) {
  let settle: (cause: StopCause) => void
  const promise = new Promise<StopCause>((resolve) => (settle = resolve))
  let cause: StopCause | null = null
  let firstSignalAt: number | null = null
  const request = (why: StopCause) => {
    if (cause !== null) return
    cause = why
    settle(why)
  }
  const hear = (signal: 'SIGINT' | 'SIGTERM', number: number) => () => {
    const now = performance.now()
    if (firstSignalAt !== null && now - firstSignalAt > SAME_SIGNAL_MS) {
      log.warn({ signal }, 'second signal: leaving at once')
      host.exit(128 + number)
    }
    if (firstSignalAt === null) log.info({ signal }, 'stopping')
    firstSignalAt ??= now
    request({ reason: signal })
  }
  const onInt = hear('SIGINT', 2)
  const onTerm = hear('SIGTERM', 15)
  host.on('SIGINT', onInt)
  host.on('SIGTERM', onTerm)
  return {
    promise,
    request,
    requested: () => cause !== null,
    forget() {
      host.off('SIGINT', onInt)
      host.off('SIGTERM', onTerm)
    },
  }
}

/** A part that fails to stop is logged and does not keep the others from stopping. */
async function shutDown(parts: readonly Part[], log: Logger, shutdownMs: number, host: ServiceHost): Promise<void> {
  const down = parts.toReversed()
  let current = ''
  const nag = setInterval(() => log.warn({ part: current }, 'still stopping'), NAG_MS)
  const cut = setTimeout(() => {
    log.fatal({ part: current }, 'did not stop in time: leaving')
    host.exit(1)
  }, shutdownMs)
  for (const step of ['unready', 'quiesce', 'stop'] as const) {
    for (const part of down) {
      current = `${part.name} (${step})`
      try {
        await part.lifetime[step]?.()
        if (step === 'stop') log.debug({ part: part.name }, 'stopped')
      } catch (err) {
        log.error({ err, part: current }, 'could not stop cleanly')
      }
    }
  }
  clearInterval(nag)
  clearTimeout(cut)
}

export interface Loop extends Lifetime {
  /** Runs the work as soon as it can, rather than when the pause ends. */
  wake(): void
}

/**
 * Does `work` again and again, never twice at once, with a pause that varies by a fifth so that many processes do not fall into step.
 * An error is logged, and the work tried again after the next pause. stop() waits for what is under way.
 */
export function startLoop(options: { name: string; everyMs: number; log: Logger; work: (stopping: AbortSignal) => Promise<void> }): Loop {
  const { name, everyMs, log, work } = options
  const stopping = new AbortController()
  let pause = new AbortController()
  let awake = true
  const running = (async () => {
    while (!stopping.signal.aborted) {
      awake = false
      pause = new AbortController()
      await work(stopping.signal).catch((err: unknown) => {
        if (!stopping.signal.aborted) log.error({ err, loop: name }, 'failed; will be tried again')
      })
      if (!awake && !stopping.signal.aborted) await sleep(jittered(everyMs), null, { signal: pause.signal }).catch(() => undefined)
    }
  })()
  const wake = () => {
    awake = true
    pause.abort()
  }
  return {
    wake,
    quiesce: () => stopping.abort(),
    async stop() {
      stopping.abort()
      wake()
      await running
    },
  }
}

function jittered(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4)
}
