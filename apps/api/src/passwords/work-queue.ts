import { accept, refuse, type Outcome } from '@muster/domain'

/** Runs so many pieces of work at once, lets so many more wait, and refuses the rest: a flood costs the caller time, not us memory. */
export interface WorkQueue {
  run<T>(work: () => Promise<T>): Promise<Outcome<T, 'hashing_busy'>>
  readonly waiting: number
  readonly running: number
}

export function createWorkQueue(options: { concurrency: number; queueLength: number }): WorkQueue {
  const waiters: (() => void)[] = []
  let running = 0
  const release = () => {
    const next = waiters.shift()
    // The place is handed on, so that nobody who comes in between can take it.
    if (next) next()
    else running -= 1
  }
  return {
    async run(work) {
      if (running < options.concurrency) running += 1
      else if (waiters.length < options.queueLength) await new Promise<void>((resolve) => waiters.push(resolve))
      else return refuse('hashing_busy', 'password', 'Too many passwords are waiting to be hashed; try again in a few seconds.')
      try {
        return accept(await work())
      } finally {
        release()
      }
    },
    get waiting() {
      return waiters.length
    },
    get running() {
      return running
    },
  }
}
