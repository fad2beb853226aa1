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
  sleep(ms: number): Promise<void>
  /** From 0 up to, but not including, 1. */
  random(): number
  /** What an unprivileged process may still write to the file system of this folder. */
  freeBytes(folder: string): Promise<number>
  at(point: SyncPoint): void | Promise<void>
  readonly log: Logger
}

export function realWorld(log: Logger): World {
  return {
    now: () => new Date(),
    sleep: (ms) => wait(ms),
    random: () => Math.random(),
    freeBytes: async (folder) => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    },
    at: () => {},
    log,
  }
}
