import { startLoop, type Lifetime, type Logger } from '@muster/runtime'

/** What the worker needs of the directory's store. */
export interface WorkerStore {
  /** Forgets the tombstones whose quarantine has ended at `now`. Harmless to repeat, and from two workers at once. */
  purge(now: Date): Promise<{ tombstones: number }>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
}

export interface WorkerOptions {
  readonly store: WorkerStore
  readonly log: Logger
  readonly clock?: Clock
  readonly purgeEveryMs?: number
}

const HOUR_MS = 3_600_000

/** Starts the durable background work of the directory. Its stop() waits for what is under way. */
export function startWorker({ store, log, clock = Date, purgeEveryMs = HOUR_MS }: WorkerOptions): Lifetime {
  return startLoop({
    name: 'purge',
    everyMs: purgeEveryMs,
    log,
    async work() {
      const { tombstones } = await store.purge(new Date(clock.now()))
      if (tombstones > 0) log.info({ tombstones }, 'quarantines ended')
    },
  })
}
