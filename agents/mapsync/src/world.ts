import { setTimeout as wait } from 'node:timers/promises'
import { statfs } from 'node:fs/promises'
import type { TreeStep } from '@muster/maptree'
import type { Logger } from '@muster/runtime'

/** The points between which a process may be killed; tests kill it at each. */
export type SyncPoint =
  | TreeStep
  | 'pulled'
  | 'staged'
  | 'compiled'
  | 'cloned'
  | 'patched'
  | 'probed'
  | 'between-renamed'
  | 'shadow-renamed'
  | 'main-renamed'
  | 'file-renamed'
  | 'swapped'
  | 'kept'
  | 'state-written'
  | 'reported'

/** What a sync asks of the machine beside its files: given from outside, so that tests decide it. */
export interface World {
  now(): Date
  /** Ends early when `until` aborts. */
  sleep(ms: number, until?: AbortSignal): Promise<void>
  /** From 0 up to, but not including, 1. */
  random(): number
  /** What an unprivileged process may still write to the file system of this folder. */
  freeBytes(folder: string): Promise<number>
  at(point: SyncPoint): void | Promise<void>
  /** Aborted when the process is to end: whatever is whole is kept, nothing new is begun. */
  readonly stopping: AbortSignal
  readonly log: Logger
}

export function realWorld(log: Logger, stopping: AbortSignal = new AbortController().signal): World {
  return {
    now: () => new Date(),
    sleep: (ms, until) => wait(ms, undefined, until && { signal: until }).catch(() => undefined),
    random: () => Math.random(),
    freeBytes: async (folder) => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    },
    at: () => {},
    stopping,
    log,
  }
}
