import { parse } from 'csv-parse/sync'
import { SERVICES, type Service } from '@muster/domain'
import { checkRecord, type ImportRecord, type RawRecord } from './import-record.js'
import { readName } from './read-name.js'
import { refuseDuplicates } from './refuse-duplicates.js'
import { badLine, readSourceLines, type BadLine, type LineOutcome, type SourceLine } from './source-lines.js'

/** The columns of a CSV import, in any order; `address` must be there. An empty cell is a value not given. */
export const CSV_COLUMNS = [
  'address',
  'password_hash',
  'mailstore',
  'home',
  'maildir',
  'uid',
  'gid',
  'quota_bytes',
  'services',
  'name',
] as const
type Column = (typeof CSV_COLUMNS)[number]

/**
 * Reads a whole CSV file. No field can hold a line feed, so a line is a record, and a stray quote spoils one line instead of swallowing
 * the file after it.
 */
export function readCsv(file: string, bytes: Buffer, domain: string | null): { records: ImportRecord[]; bad: BadLine[] } {
  const records: ImportRecord[] = []
  const bad: BadLine[] = []
  let header: readonly Column[] | null = null
  for (const read of readSourceLines(file, withoutCarriageReturns(bytes), { continued: false })) {
    const line = read.ok ? splitCells(read.value) : read
    if (!line.ok) bad.push(line.bad)
    else if (header === null) {
      const columns = readHeader(line.value)
      if (!columns.ok) return { records, bad: [...bad, columns.bad] }
      header = columns.value
    } else {
      const record = readRow(line.value, header, domain)
      if (record.ok) records.push(record.value)
      else bad.push(record.bad)
    }
  }
  if (header === null && bad.length === 0) bad.push(badLine({ file, line: 1 }, 'columns_missing', 'The file has no header row.').bad)
  const { unique, bad: duplicates } = refuseDuplicates(records)
  return { records: unique, bad: [...bad, ...duplicates] }
}

interface Row extends SourceLine {
  readonly cells: readonly string[]
}

/** RFC 4180 ends lines with CR LF, and spreadsheets write a byte order mark: here neither is a part of a value. */
function withoutCarriageReturns(bytes: Buffer): Buffer {
  const start = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  return Buffer.from(bytes.toString('latin1', start).replaceAll('\r\n', '\n'), 'latin1')
}

/** csv-parse takes 80 us a line when it is given one at a time, and only a line with a quote in it needs it. */
function splitCells(source: SourceLine): LineOutcome<Row> {
  if (!source.text.includes('"')) return { ok: true, value: { ...source, cells: source.text.split(',').map((cell) => cell.trim()) } }
  try {
    const [cells = []] = parse(source.text, { relax_column_count: true, trim: true }) as string[][]
    return { ok: true, value: { ...source, cells } }
  } catch {
    return badLine(source, 'line_invalid', 'A quote is not closed, or stands within a field that does not begin with one.')
  }
}

function readHeader(row: Row): LineOutcome<readonly Column[]> {
  const unknown = row.cells.find((cell) => !CSV_COLUMNS.some((column) => column === cell))
  if (unknown !== undefined) return badLine(row, 'column_unknown', `There is no column "${unknown}"; they are ${CSV_COLUMNS.join(', ')}.`)
  const twice = row.cells.find((cell, i) => row.cells.indexOf(cell) !== i)
  if (twice !== undefined) return badLine(row, 'column_unknown', `The column "${twice}" is there twice.`)
  if (!row.cells.includes('address')) return badLine(row, 'columns_missing', 'The column "address" is missing.')
  return { ok: true, value: row.cells as readonly Column[] }
}

function readRow(row: Row, header: readonly Column[], domain: string | null): LineOutcome<ImportRecord> {
  if (row.cells.length !== header.length) {
    return badLine(row, 'line_invalid', `The line has ${row.cells.length} cells, the header ${header.length}.`)
  }
  const cell = (column: Column): string | undefined => row.cells[header.indexOf(column)] || undefined
  const address = readName(row, cell('address') ?? '', domain)
  if (!address.ok) return address
  const services = readServices(row, cell('services'))
  if (!services.ok) return services
  const quota = cell('quota_bytes')
  const raw: RawRecord = {
    address: address.value,
    hash: cell('password_hash'),
    mailstore: cell('mailstore'),
    home: cell('home'),
    maildir: cell('maildir'),
    uid: cell('uid'),
    gid: cell('gid'),
    quotaBytes: quota === 'unlimited' ? undefined : quota,
    services: services.value,
    fullName: cell('name'),
  }
  return checkRecord(row, raw)
}

/** `pop3 imap`, also with `;` or `+` between them; `none` is a mailbox that only receives. */
function readServices(row: Row, text: string | undefined): LineOutcome<readonly Service[] | undefined> {
  if (text === undefined) return { ok: true, value: undefined }
  if (text === 'none') return { ok: true, value: [] }
  const words = text.split(/[\s;+]+/)
  const services = SERVICES.filter((service) => words.includes(service))
  if (services.length === words.length) return { ok: true, value: services }
  return badLine(row, 'field_invalid', `services takes ${SERVICES.join(', ')} with blanks between them, or none; not "${text}".`)
}
