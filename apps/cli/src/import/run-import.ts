import { everyItem, type Client } from '@muster/client'
import { domainOf, type DomainName } from '@muster/domain'
import { CliFailure, EXIT } from '@muster/runtime'
import { checkDomains } from './check-domains.js'
import type { ImportRecord } from './import-record.js'
import { planPlacement, type PlacementFacts } from './plan-placement.js'
import { readCsv } from './read-csv.js'
import { readSite, type SourceFile } from './read-site.js'
import { refuseDuplicates } from './refuse-duplicates.js'
import { refuseSharedHomes } from './refuse-shared-homes.js'
import { applyRecords, tryRecords, type ImportCounts, type Progress } from './send-records.js'
import { sortBadLines, type BadLine } from './source-lines.js'

export type ImportSource =
  | {
      readonly kind: 'site'
      readonly userdb: readonly SourceFile[]
      readonly popmap: readonly SourceFile[]
      readonly dropFields: readonly string[]
    }
  | { readonly kind: 'csv'; readonly files: readonly SourceFile[] }

export interface ImportRequest {
  readonly source: ImportSource
  readonly customerId: string
  /** For names without a domain. */
  readonly domain: string | null
  /** For mailboxes of which nothing else says it. */
  readonly mailstore: string | null
  readonly dryRun: boolean
  readonly skipBad: boolean
  readonly createDomains: boolean
}

/** The answer of `muster import --json`; fields are only ever added. */
export interface ImportSummary extends ImportCounts {
  readonly dryRun: boolean
  /** True when the directory now holds what was to be imported. */
  readonly applied: boolean
  readonly customerId: string
  readonly files: number
  /** Mailboxes that could be read, before anything was held against them. */
  readonly mailboxes: number
  readonly bad: readonly BadLine[]
  /** Mailboxes that no popmap entry leads to today; null where no popmap was given. */
  readonly withoutPopmap: number | null
  readonly domainsMissing: readonly string[]
  readonly domainsCreated: readonly string[]
  /** The last revision of this import; null when nothing changed. */
  readonly revision: number | null
}

export type Phase = 'checking' | 'importing'
export type ShowProgress = (phase: Phase) => Progress

/** Checks every line, first by itself and then by the directory's verdict, before the first is written. */
export async function runImport(client: Client, request: ImportRequest, show: ShowProgress): Promise<ImportSummary> {
  await requireCustomer(client, request.customerId)
  const read = readRecords(request, await loadPlacement(client, request.mailstore))
  const homes = refuseSharedHomes(read.records)
  const domains = await checkDomains(client, request.customerId, homes.records)
  const missing = new Set(domains.missing)
  const known = domains.records.filter(({ address }) => !missing.has(domainOf(address)))
  const trial = await tryRecords(client, request.customerId, known, show('checking'))
  const fresh = domains.records.filter(({ address }) => missing.has(domainOf(address)))
  const bad = sortBadLines([...read.bad, ...homes.bad, ...domains.bad, ...trial.bad], filesOf(request.source))
  const summary: ImportSummary = {
    ...trial.counts,
    dryRun: request.dryRun,
    applied: false,
    customerId: request.customerId,
    files: filesOf(request.source).length,
    mailboxes: read.mailboxes,
    bad,
    withoutPopmap: read.withoutPopmap,
    domainsMissing: domains.missing,
    domainsCreated: [],
    revision: null,
  }
  if (request.dryRun && request.createDomains) return { ...summary, created: summary.created + fresh.length }
  if (request.dryRun || isRefused(summary, request)) return summary
  return write(client, request, summary, { known: trial.accepted, fresh }, show)
}

/** Whether a summary says that the import was refused rather than tried or done. */
export function isRefused(summary: ImportSummary, request: Pick<ImportRequest, 'skipBad' | 'createDomains'>): boolean {
  if (summary.applied) return false
  return (summary.bad.length > 0 && !request.skipBad) || (summary.domainsMissing.length > 0 && !request.createDomains)
}

/** Mailboxes of new domains can only be tried once the domains are there; what they are refused for then is told all the same. */
async function write(
  client: Client,
  request: ImportRequest,
  summary: ImportSummary,
  records: { known: readonly ImportRecord[]; fresh: readonly ImportRecord[] },
  show: ShowProgress,
): Promise<ImportSummary> {
  const { customerId } = request
  for (const domain of summary.domainsMissing) await client.domains.put(domain, { customerId })
  const created = { ...summary, domainsCreated: summary.domainsMissing, domainsMissing: [] as DomainName[] }
  const trial = await tryRecords(client, customerId, records.fresh, show('checking'))
  const bad = sortBadLines([...summary.bad, ...trial.bad], filesOf(request.source))
  if (isRefused({ ...created, bad }, request)) return { ...created, bad }
  const done = await applyRecords(client, customerId, [...records.known, ...trial.accepted], show('importing'))
  return { ...created, ...done.counts, bad, applied: true, revision: done.revision }
}

interface ReadRecords {
  readonly records: readonly ImportRecord[]
  readonly bad: readonly BadLine[]
  readonly mailboxes: number
  readonly withoutPopmap: number | null
}

function readRecords({ source, domain }: ImportRequest, facts: PlacementFacts): ReadRecords {
  if (source.kind === 'site') {
    const site = readSite(source.userdb, source.popmap, { domain, dropFields: source.dropFields })
    const { records, bad, withoutPopmap } = planPlacement(site, facts)
    const counted = source.popmap.length === 0 ? null : withoutPopmap
    return { records, bad: [...site.bad, ...bad], mailboxes: site.records.length, withoutPopmap: counted }
  }
  const read = source.files.map(({ file, bytes }) => readCsv(file, bytes, domain))
  const { unique, bad } = refuseDuplicates(read.flatMap(({ records }) => records))
  const { fallback } = facts
  const records = fallback === null ? unique : unique.map((record) => ({ ...record, item: { mailstore: fallback, ...record.item } }))
  return { records, bad: [...read.flatMap((one) => one.bad), ...bad], mailboxes: unique.length, withoutPopmap: null }
}

function filesOf(source: ImportSource): readonly string[] {
  return (source.kind === 'site' ? [...source.userdb, ...source.popmap] : source.files).map(({ file }) => file)
}

async function requireCustomer(client: Client, customerId: string): Promise<void> {
  if ((await client.customers.get(customerId)) !== null) return
  const hint = `Put the customer first: PUT /v1/customers/${encodeURIComponent(customerId)} with a name.`
  throw new CliFailure(EXIT.refused, 'customer_not_found', `There is no customer ${customerId}.`, hint)
}

async function loadPlacement(client: Client, fallback: string | null): Promise<PlacementFacts> {
  const mailstores: PlacementFacts['mailstores'][number][] = []
  for await (const mailstore of everyItem(client.mailstores.list)) mailstores.push(mailstore)
  if (fallback !== null && !mailstores.some(({ name }) => name === fallback)) {
    const names = mailstores.map(({ name }) => name).join(', ')
    throw new CliFailure(
      EXIT.refused,
      'mailstore_not_found',
      `There is no mailstore ${fallback}.`,
      `The directory has: ${names || 'none'}.`,
    )
  }
  return { mailstores, fallback }
}
