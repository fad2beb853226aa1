import type { Measured, Target, Unit } from './benchmark.js'

/** A line of a result file: the median of its samples, their extremes, and what it was compared with. */
export interface Figure {
  readonly id: string
  readonly value: number
  readonly unit: Unit
  readonly low: number
  readonly high: number
  readonly samples: number
  readonly ratio?: number
  readonly against?: string
  readonly target?: Target
  readonly pass?: boolean
}

/** Judged only where asked: times of the smoke size mean nothing. */
export function toFigures(measured: readonly Measured[], options: { judge: boolean }): Figure[] {
  const medians = new Map(measured.map((m) => [m.id, median(m.samples)]))
  return measured.map((m) => {
    const value = median(m.samples)
    const ratio = m.against === undefined ? undefined : value / medianOf(medians, m.against)
    const judged = m.target?.of === 'ratio' ? ratio : value
    return {
      id: m.id,
      value: round(value),
      unit: m.unit,
      low: round(Math.min(...m.samples)),
      high: round(Math.max(...m.samples)),
      samples: m.samples.length,
      ...(ratio === undefined || m.against === undefined ? {} : { ratio: round(ratio), against: m.against }),
      ...(m.target === undefined ? {} : { target: m.target }),
      ...(m.target === undefined || judged === undefined || !options.judge ? {} : { pass: meets(judged, m.target) }),
    }
  })
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const high = sorted[Math.floor(sorted.length / 2)]
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  if (low === undefined || high === undefined) throw new Error('no samples')
  return (low + high) / 2
}

function medianOf(medians: ReadonlyMap<string, number>, id: string): number {
  const value = medians.get(id)
  if (value === undefined) throw new Error(`There is no figure ${id} to compare with.`)
  return value
}

function meets(value: number, target: Target): boolean {
  return target.is === 'at least' ? value >= target.bound : value <= target.bound
}

/** Four significant digits: more would be noise in every diff of a result file. */
export function round(value: number): number {
  return Number(value.toPrecision(4))
}
