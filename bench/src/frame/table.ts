import type { Target, Unit } from './benchmark.js'
import type { Figure } from './figures.js'
import type { Result } from './results.js'

const symbols: Record<Unit, string> = { 'per second': '/s', s: 's', ms: 'ms', MB: 'MB', ratio: '' }

export function renderValue(value: number, unit: Unit): string {
  const text = value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
  return symbols[unit] === '' ? text : `${text} ${symbols[unit]}`
}

export function renderRatio(figure: Figure): string {
  return figure.ratio === undefined ? '' : `${Number(figure.ratio.toPrecision(3))} × ${figure.against}`
}

export function renderTarget(target: Target, unit: Unit): string {
  return `${target.is} ${target.of === 'ratio' ? `${Number(target.bound.toPrecision(3))} ×` : renderValue(target.bound, unit)}`
}

export function renderVerdict(figure: Figure): string {
  if (figure.target === undefined) return ''
  const verdict = figure.pass === undefined ? 'not judged' : figure.pass ? 'pass' : 'MISS'
  return `${verdict} (${renderTarget(figure.target, figure.unit)})`
}

/** For a terminal: one line a figure, with the change from the baseline where there is one. */
export function renderTable(result: Result, baseline: Result | null): string {
  const head = ['', 'median', 'lowest', 'highest', 'ratio', 'target', ...(baseline ? ['baseline', 'change'] : [])]
  const rows = result.figures.map((figure) => [
    figure.id,
    renderValue(figure.value, figure.unit),
    renderValue(figure.low, figure.unit),
    renderValue(figure.high, figure.unit),
    renderRatio(figure),
    renderVerdict(figure),
    ...(baseline ? compare(figure, baseline) : []),
  ])
  const where = `${result.name}: ${renderConditions(result)}`
  const than = baseline
    ? `\nbaseline: ${baseline.commit}, ${baseline.at}${sameMachine(result, baseline) ? '' : ', on another kind of machine'}`
    : ''
  return `${where}${than}\n\n${alignColumns([head, ...rows])}\n`
}

/** On what it was measured, and how quiet that was. */
export function renderConditions({ machine, node, commit, loadBefore }: Result): string {
  const { cpu, cores, memoryGiB, kernel } = machine
  const quiet = loadBefore < 0.5 ? 'a quiet machine' : `**not quiet: load average ${loadBefore} before the run**`
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, commit ${commit}, ${quiet}`
}

function compare(figure: Figure, baseline: Result): [string, string] {
  const was = baseline.figures.find((f) => f.id === figure.id)
  if (was === undefined) return ['', 'new']
  const change = (figure.value / was.value - 1) * 100
  return [renderValue(was.value, was.unit), `${change >= 0 ? '+' : ''}${change.toFixed(0)} %`]
}

function sameMachine(a: Result, b: Result): boolean {
  return a.machine.cpu === b.machine.cpu && a.machine.cores === b.machine.cores && a.machine.memoryGiB === b.machine.memoryGiB
}

/** The first column to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}
