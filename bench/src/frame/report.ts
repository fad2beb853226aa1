import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readResults, repository, storedResults, type Result } from './results.js'
import { renderConditions, renderRatio, renderValue, renderVerdict } from './table.js'

export const performancePage = join(repository, 'docs', 'performance.md')

/** Writes the tables of docs/performance.md anew from the stored results. */
export async function writeReport(): Promise<void> {
  await writeFile(performancePage, fillPage(await readFile(performancePage, 'utf8'), await readResults(storedResults)))
}

/**
 * Puts each result's table between the markers that name it, `<!-- bench NAME -->` and `<!-- end -->`. A result without a place, or a
 * place without a result, is an error: either would let the page tell less than what is stored, or more.
 */
export function fillPage(page: string, results: readonly Result[]): string {
  const unplaced = new Set(results.map((r) => r.name))
  const filled = page.replace(/(<!-- bench (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, open: string, name: string, close: string) => {
    const result = results.find((r) => r.name === name)
    if (result === undefined) throw new Error(`The page has a place for ${name}, but there is no such result.`)
    unplaced.delete(name)
    return `${open}${renderMarkdown(result)}${close}`
  })
  if (unplaced.size > 0) throw new Error(`The page has no place for: ${[...unplaced].join(', ')}.`)
  return filled
}

export function renderMarkdown(result: Result): string {
  const judged = result.figures.some((f) => f.target !== undefined)
  const head = ['figure', 'median', 'lowest to highest', 'ratio', ...(judged ? ['target'] : [])]
  const rows = result.figures.map((f) => [
    f.id,
    renderValue(f.value, f.unit),
    `${renderValue(f.low, f.unit)} to ${renderValue(f.high, f.unit)} (${f.samples})`,
    renderRatio(f),
    ...(judged ? [renderVerdict(f)] : []),
  ])
  const source = `[bench/results/${result.name}.json](../bench/results/${result.name}.json)`
  return `${[
    `${source}: ${result.at.slice(0, 10)}, ${renderConditions(result)}`,
    '',
    row(head),
    row(head.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(row),
  ].join('\n')}\n`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
