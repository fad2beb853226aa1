import { join } from 'node:path'
import type { BenchContext, Benchmark } from './benchmark.js'
import { toFigures } from './figures.js'
import { describeRun, readBaseline, readLoad, repository, storedResults, writeResult } from './results.js'
import { withScratchFolder } from './scratch.js'
import { renderTable } from './table.js'

export type RunOptions = Omit<BenchContext, 'folder'>

/** Runs one benchmark, writes its result and answers its table. Neither a smoke run nor a profiled one touches the stored results. */
export async function runBenchmark(benchmark: Benchmark, options: RunOptions): Promise<string> {
  const judge = options.size === 'full' && options.profileFolder === null
  const loadBefore = readLoad()
  const measured = await withScratchFolder((folder) => benchmark.run({ ...options, folder }))
  const result = describeRun(benchmark.name, loadBefore, toFigures(measured, { judge }))
  const file = await writeResult(
    judge ? storedResults : join(repository, 'var', 'bench', options.profileFolder === null ? 'smoke' : 'profiled'),
    result,
  )
  options.say(`written: ${file.slice(repository.length)}`)
  return renderTable(result, judge ? readBaseline(benchmark.name) : null)
}
