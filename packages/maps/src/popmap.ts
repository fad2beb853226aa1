import { checkText } from './check-text.js'
import { MapSyntaxError, type MailboxRow, type MapKind, type ParsedEntry } from './map-kind.js'

/** Where Perdition sends a login (perditiondb(5)). */
export interface PopmapFields {
  /** The name to log in with at the store; null is the one that the client gave. */
  readonly user: string | null
  /** A host name, an IPv4 or an IPv6 address (without brackets). */
  readonly host: string
  /** A number or the name of a service; null leaves it to the protocol. */
  readonly port: string | null
}

const IN_KEY = /[:\p{Control}\p{Surrogate}]/u
const IN_USER = /[:[\]\s\p{Control}\p{Surrogate}]/u
const NOT_HOST = /[^A-Za-z0-9._:-]/
const NOT_PORT = /[^A-Za-z0-9-]/
/** makegdbm reads lines into 4,096 bytes, the newline and a NUL among them. */
const MAX_LINE_BYTES = 4_094

/** Perdition's popmap: `address:[user@]host[:port]`, an IPv6 address in brackets. There is no escaping. */
export const popmap: MapKind<PopmapFields> = {
  name: 'popmap',
  secret: false,
  keysOf: (address) => [address],
  // A suspended mailbox keeps its way: the store is what refuses it, in words that its owner can read.
  entriesOf: (row) => (row.status === 'closed' ? [] : [{ key: row.address, line: `${row.address}:${renderServer(row)}` }]),
  keyOfLine: (line) => line.slice(0, line.indexOf(':')),
  parseLine,
  renderLine: ({ key, fields }) => {
    if (key === '') throw new MapSyntaxError('a key is not empty')
    const user = fields.user === null ? '' : `${nonEmpty('a user', checkText('the user', fields.user, IN_USER))}@`
    const port = fields.port === null ? '' : `:${nonEmpty('a port', checkText('the port', fields.port, NOT_PORT))}`
    const line = `${checkText('the key', key, IN_KEY)}:${user}${renderHost(fields.host)}${port}`
    if (Buffer.byteLength(line, 'utf8') > MAX_LINE_BYTES) throw new MapSyntaxError(`makegdbm reads at most ${MAX_LINE_BYTES} bytes a line`)
    return line
  },
}

function renderServer({ mailstoreHost, mailstorePort }: MailboxRow): string {
  return mailstorePort === null ? renderHost(mailstoreHost) : `${renderHost(mailstoreHost)}:${mailstorePort}`
}

function renderHost(host: string): string {
  checkText('the host', nonEmpty('a host', host), NOT_HOST)
  return host.includes(':') ? `[${host}]` : host
}

function nonEmpty(what: string, text: string): string {
  if (text === '') throw new MapSyntaxError(`${what} is not empty`)
  return text
}

/** Takes a value apart as Perdition does: the port after the last colon, the user before the last @. It trims nothing. */
function parseLine(line: string): ParsedEntry<PopmapFields> {
  const colon = line.indexOf(':')
  if (colon < 1) throw new MapSyntaxError('there is no key followed by a colon')
  const key = checkText('the key', line.slice(0, colon), IN_KEY)
  const value = checkText('the value', line.slice(colon + 1), /[\s\p{Control}\p{Surrogate}]/u)
  const match = /^(?:([^:[\]]+)@)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([A-Za-z0-9-]+))?$/.exec(value)
  if (!match) throw new MapSyntaxError('the value does not read [user@]host[:port], with an IPv6 address in brackets')
  const host = match[2] ?? (match[3] as string)
  if (match[2] !== undefined && !host.includes(':')) throw new MapSyntaxError('brackets are for IPv6 addresses')
  return { key, fields: { user: match[1] ?? null, host, port: match[4] ?? null } }
}
