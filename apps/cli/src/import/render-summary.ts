import type { ImportRequest, ImportSummary } from './run-import.js'
import { isRefused } from './run-import.js'
import { where, type BadLine } from './source-lines.js'

const DOMAINS_NAMED = 10

/** `FILE:LINE: reason`, one a line, as editors and compilers have it. */
export function renderBadLines(bad: readonly BadLine[]): string {
  return bad.map((line) => `${where(line)}: ${line.reason}\n`).join('')
}

/** What became of an import, for people. */
export function renderSummary(summary: ImportSummary, request: ImportRequest): string {
  const { created, updated, unchanged, bad, mailboxes, files } = summary
  const lines = [`Read ${count(mailboxes, 'mailbox', 'mailboxes')} from ${count(files, 'file', 'files')}.`]
  if (bad.length > 0) lines.push(`${count(bad.length, 'bad line', 'bad lines')}, told above by file and number.`)
  if (summary.withoutPopmap) {
    lines.push(`${count(summary.withoutPopmap, 'mailbox has', 'mailboxes have')} no popmap entry today, and will have one.`)
  }
  if (summary.domainsCreated.length > 0) lines.push(`Created ${nameDomains(summary.domainsCreated)}.`)
  lines.push(...renderEnd(summary, request, `${created} created, ${updated} updated, ${unchanged} unchanged`))
  return lines.join('\n')
}

function renderEnd(summary: ImportSummary, request: ImportRequest, counts: string): string[] {
  if (summary.applied) {
    const skipped = summary.bad.length > 0 ? `; ${count(summary.bad.length, 'bad line', 'bad lines')} skipped` : ''
    const revision = summary.revision === null ? 'nothing changed' : `the last revision is ${summary.revision}`
    return [`Imported: ${counts}${skipped}; ${revision}.`]
  }
  if (!isRefused(summary, request)) return [`Would import: ${counts}. Nothing was written (--dry-run).`]
  const lines: string[] = []
  if (summary.domainsMissing.length > 0 && !request.createDomains) {
    lines.push(`Not in the directory: ${nameDomains(summary.domainsMissing)}. Put them first, or give --create-domains.`)
  }
  const bad = summary.bad.length > 0 && !request.skipBad ? ' Correct the lines, or import the others with --skip-bad.' : ''
  return [...lines, `No mailbox was imported.${bad}`]
}

function nameDomains(domains: readonly string[]): string {
  const named = domains.slice(0, DOMAINS_NAMED).join(', ')
  const more = domains.length > DOMAINS_NAMED ? ` and ${domains.length - DOMAINS_NAMED} more` : ''
  return `the ${domains.length === 1 ? 'domain' : 'domains'} ${named}${more}`
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}
