/** Runs pieces of work one after another, in the order they came. A piece that fails does not stop the next. */
export type Serial = <T>(work: () => Promise<T>) => Promise<T>

export function makeSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const run = last.then(work)
    last = run.catch(() => undefined)
    return run
  }
}
