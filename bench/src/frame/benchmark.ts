/** What a benchmark is: a name, a sentence, and a run that answers samples. Medians, ratios, targets and files are the frame's work. */
export interface Benchmark {
  readonly name: string
  /** One line for the list that `npm run bench` prints. */
  readonly summary: string
  run(context: BenchContext): Promise<readonly Measured[]>
}

/** `smoke` shows that a benchmark still runs, in under 20 seconds, and judges nothing; `full` is what is stored. */
export type Size = 'smoke' | 'full'

export interface BenchContext {
  readonly size: Size
  /** Rounds; in each, ours and theirs are run once in turn, so that whatever else the machine does falls on both. */
  readonly runs: number
  /** An empty folder on a real disk, removed afterwards. */
  readonly folder: string
  /** Where processes of ours leave their V8 CPU profiles; null when none are asked for, as profiling costs time. */
  readonly profileFolder: string | null
  /** Progress, on stderr. */
  say(line: string): void
}

export type Unit = 'per second' | 's' | 'ms' | 'MB' | 'ratio'

/** One thing measured, with every sample taken. */
export interface Measured {
  /** Stable: a stored baseline is found by it. */
  readonly id: string
  readonly unit: Unit
  readonly samples: readonly number[]
  /** The id of the figure this one is compared with: the ratio is this median over that one. */
  readonly against?: string | undefined
  readonly target?: Target | undefined
}

export interface Target {
  readonly of: 'ratio' | 'value'
  readonly is: 'at least' | 'at most'
  readonly bound: number
}

/** Something a benchmark compares with isn't on this machine and can't be brought here. */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError'
}
