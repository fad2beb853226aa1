/** Lets those who wait in this process go on when there is news; what happens elsewhere they find by asking again now and then. */
export interface WakeSignal {
  notify(): void
  /** Returns at the next notify(), after `timeoutMs`, or when `signal` aborts, whichever is first. */
  next(timeoutMs: number, signal: AbortSignal): Promise<void>
  /** Lets all waiters go, and every later one at once. */
  close(): void
  readonly closed: boolean
}

export function createWakeSignal(): WakeSignal {
  const waiters = new Set<() => void>()
  let closed = false
  const wakeAll = () => {
    for (const wake of waiters) wake()
  }
  return {
    notify: wakeAll,
    next: (timeoutMs, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          waiters.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const timer = setTimeout(wake, closed || signal.aborted ? 0 : timeoutMs)
        waiters.add(wake)
        signal.addEventListener('abort', wake)
      }),
    close() {
      closed = true
      wakeAll()
    },
    get closed() {
      return closed
    },
  }
}
