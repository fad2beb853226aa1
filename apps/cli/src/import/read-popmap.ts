import type { Address } from '@muster/domain'
import { MapSyntaxError, popmap, type PopmapFields } from '@muster/maps'
import { readName } from './read-name.js'
import { badLine, type LineOutcome, type Place, type SourceLine } from './source-lines.js'

/** Where a popmap sends one address. */
export interface PopmapRecord {
  readonly place: Place
  readonly address: Address
  readonly host: string
  readonly port: number | null
}

/** One line of Perdition's popmap. A user other than the key's own would be a second name of the mailbox, which the directory does not hold. */
export function readPopmapLine(source: SourceLine, domain: string | null): LineOutcome<PopmapRecord> {
  const parsed = parseLine(source)
  if (!parsed.ok) return parsed
  const { key, fields } = parsed.value
  const address = readName(source, key, domain)
  if (!address.ok) return address
  const user = fields.user === null ? address : readName(source, fields.user, domain)
  if (!user.ok || user.value !== address.value) {
    const reason = `The login is sent on as ${fields.user}, not as ${address.value}; the directory holds one name a mailbox.`
    return badLine(source, 'login_name_differs', reason)
  }
  const port = fields.port === null ? null : Number(fields.port)
  if (port !== null && !(port >= 1 && port <= 65_535)) {
    return badLine(source, 'field_invalid', `${fields.port} is no TCP port; the directory holds ports as numbers.`)
  }
  const { file, line } = source
  return { ok: true, value: { place: { file, line }, address: address.value, host: fields.host, port } }
}

function parseLine(source: SourceLine): LineOutcome<{ key: string; fields: PopmapFields }> {
  try {
    return { ok: true, value: popmap.parseLine(source.text) }
  } catch (error) {
    if (error instanceof MapSyntaxError)
      return badLine(source, 'line_invalid', `The line does not read key:[user@]host[:port]: ${error.message}.`)
    throw error
  }
}
