import { ConnectionError } from '@muster/client'
import { parseDomainName } from '@muster/domain'
import { answer, CliFailure, command, EXIT, wantsJson } from '@muster/runtime'
import cliProgress from 'cli-progress'
import type { Command } from 'commander'
import { CSV_COLUMNS } from '../import/read-csv.js'
import { readSourceFiles } from '../import/read-source-files.js'
import { USERDB_FIELDS } from '../import/read-userdb.js'
import { renderBadLines, renderSummary } from '../import/render-summary.js'
import { isRefused, runImport, type ImportRequest, type ImportSource, type Phase, type ShowProgress } from '../import/run-import.js'
import { ImportInterrupted } from '../import/send-records.js'
import { withClient } from '../with-client.js'

interface Options {
  readonly userdb?: string[]
  readonly popmap?: string[]
  readonly csv?: string
  readonly customer: string
  readonly domain?: string
  readonly mailstore?: string
  readonly dropField?: string[]
  readonly dryRun?: boolean
  readonly skipBad?: boolean
  readonly createDomains?: boolean
}

export function importCommand(): Command {
  const made = command({
    name: 'import',
    summary: 'Bring in the mailboxes of a site, from what its mail daemons read today or from CSV.',
    examples: [
      ['muster import --userdb /etc/courier/userdb --popmap /etc/perdition/popmap --customer C-1001 --dry-run', 'check, and write nothing'],
      [
        'muster import --userdb userdb/ --popmap popmap --customer C-1001 --domain example.net',
        'names without a domain are of example.net',
      ],
      ['muster import --csv new.csv --customer C-1001 --create-domains', `columns: ${CSV_COLUMNS.join(',')}`],
    ],
  })
  return made
    .requiredOption('--customer <id>', 'whose mailboxes they are')
    .option('--userdb <path...>', "Courier's userdb: a file, or a folder of files")
    .option('--popmap <file...>', "Perdition's popmap: says which mailstore each mailbox is on")
    .option('--csv <file>', 'a CSV file with a header row')
    .option('--domain <domain>', 'the domain of names that have none')
    .option('--mailstore <name>', 'where a mailbox is when neither popmap nor home says it')
    .option('--drop-field <name...>', 'import userdb lines without this field, such as shell')
    .option('--create-domains', 'put the domains that are not in the directory yet')
    .option('--skip-bad', 'import the good lines though others are bad')
    .option('--dry-run', 'check every line against the directory and write nothing')
    .action((options: Options) => importSite(made, options))
}

async function importSite(made: Command, options: Options): Promise<void> {
  const request = await readRequest(options)
  const progress = openProgress(wantsJson(made))
  const summary = await withClient((client) => runImport(client, request, progress.show))
    .catch((error: unknown) => {
      throw error instanceof ImportInterrupted ? interruption(error) : error
    })
    .finally(progress.close)
  if (!wantsJson(made)) process.stderr.write(renderBadLines(summary.bad))
  answer(made, summary, renderSummary(summary, request))
  if (isRefused(summary, request)) process.exitCode = EXIT.refused
}

function interruption(error: ImportInterrupted): CliFailure {
  const exitCode = error.cause instanceof ConnectionError ? EXIT.unreachable : EXIT.refused
  return new CliFailure(exitCode, 'import_interrupted', error.message, 'Run the same command again: what is there already is left alone.')
}

async function readRequest(options: Options): Promise<ImportRequest> {
  const domain = options.domain === undefined ? null : parseDomainName(options.domain)
  if (domain !== null && !domain.ok) throw new CliFailure(EXIT.usage, domain.code, `--domain ${options.domain}: ${domain.detail}`)
  return {
    source: await readSource(options),
    customerId: options.customer,
    domain: domain === null ? null : domain.value,
    mailstore: options.mailstore ?? null,
    dryRun: options.dryRun ?? false,
    skipBad: options.skipBad ?? false,
    createDomains: options.createDomains ?? false,
  }
}

async function readSource({ userdb, popmap, csv, dropField: dropFields = [] }: Options): Promise<ImportSource> {
  const usage = (message: string) => new CliFailure(EXIT.usage, 'usage', message)
  const kept = dropFields.find((field) => USERDB_FIELDS.some((name) => name === field))
  if (kept !== undefined) throw usage(`--drop-field ${kept}: the directory holds this field, so it can't be dropped.`)
  if (csv !== undefined) {
    if (userdb !== undefined || popmap !== undefined || dropFields.length > 0)
      throw usage('--csv stands alone, without --userdb, --popmap and --drop-field.')
    return { kind: 'csv', files: await readSourceFiles(csv) }
  }
  if (userdb === undefined) throw usage('Say what to import: --userdb (with --popmap), or --csv.')
  return { kind: 'site', userdb: await readAll(userdb), popmap: await readAll(popmap ?? []), dropFields }
}

async function readAll(paths: readonly string[]) {
  return (await Promise.all(paths.map(readSourceFiles))).flat()
}

const LABELS: Record<Phase, string> = { checking: 'Checking ', importing: 'Importing' }

/** A bar on a terminal; elsewhere nothing. It is on stderr, so that stdout holds the answer alone. */
function openProgress(quiet: boolean): { show: ShowProgress; close: () => void } {
  if (quiet || !process.stderr.isTTY) return { show: () => () => {}, close: () => {} }
  let bar: cliProgress.SingleBar | null = null
  const close = () => {
    bar?.stop()
    bar = null
  }
  const show: ShowProgress = (phase) => (done, of) => {
    if (bar === null) {
      const format = `${LABELS[phase]} {bar} {percentage} % | {value} of {total}`
      bar = new cliProgress.SingleBar({ format, stream: process.stderr, clearOnComplete: true }, cliProgress.Presets.shades_classic)
      bar.start(of, done)
    }
    bar.update(done)
    if (done === of) close()
  }
  return { show, close }
}
