import { SERVICES, type Service } from '@muster/domain'
import { checkText } from './check-text.js'
import { renderMaildirQuota } from './maildir-quota.js'
import { MapSyntaxError, type Entry, type MailboxRow, type MapKind, type ParsedEntry } from './map-kind.js'

/** The fields of one account by Courier's names for them (makeuserdb(8)), in the order of the line. A field without `=` has the value ''. */
export type UserdbFields = ReadonlyMap<string, string>

/** authlib asks for `<service>pw` and, where there is none, for `systempw`; submission is its service esmtp. */
const PASSWORD_FIELDS: Record<Service, string> = { imap: 'imappw', pop3: 'pop3pw', smtp: 'esmtppw' }

const IN_KEY = /[\p{Control}\p{Surrogate}]/u
const IN_NAME = /[=|\p{Control}\p{Surrogate}]/u
const IN_VALUE = /[|\p{Control}\p{Surrogate}]/u

/**
 * Courier's userdb: `address<TAB>field=value|field=value`. makeuserdb puts the fields that end in `pw` into userdbshadow.dat and the rest
 * into userdb.dat. There is no escaping: `|` and control characters cannot be held. docs/map-formats.md has the whole of it.
 */
export const userdb: MapKind<UserdbFields> = {
  name: 'userdb',
  secret: true,
  keysOf: (address) => [address],
  entriesOf: (row) => (row.status === 'closed' ? [] : [entryOf(row)]),
  keyOfLine: (line) => line.slice(0, line.indexOf('\t')),
  parseLine,
  renderLine,
}

function entryOf(row: MailboxRow): Entry {
  const key = row.address
  const home = checkText('home', row.home, IN_VALUE, key)
  const mail = checkText('maildir', row.maildir, IN_VALUE, key)
  const quota = renderMaildirQuota(row)
  // The name is for people only, so one that was stored before names were checked loses a character and stops nothing.
  const gecos = row.name?.replaceAll(/[|\p{Control}\p{Surrogate}]/gu, ' ')
  let line = `${key}\tuid=${row.uid}|gid=${row.gid}|home=${home}|mail=${mail}`
  if (quota !== null) line += `|quota=${quota}`
  if (gecos) line += `|gecos=${gecos}`
  return { key, line: line + passwordsOf(row) }
}

/** One systempw where everything is allowed. It would answer for each service without a field of its own, so else none is written. */
function passwordsOf({ address, status, crypt, services }: MailboxRow): string {
  if (status !== 'active' || crypt === null) return ''
  checkText('password hash', crypt, IN_VALUE, address)
  const allowed = SERVICES.filter((service) => services.includes(service))
  if (allowed.length === SERVICES.length) return `|systempw=${crypt}`
  return allowed.map((service) => `|${PASSWORD_FIELDS[service]}=${crypt}`).join('')
}

function parseLine(line: string): ParsedEntry<UserdbFields> {
  const tab = line.indexOf('\t')
  if (tab < 1) throw new MapSyntaxError('there is no name followed by a tab')
  if (line.startsWith('#')) throw new MapSyntaxError('a line that begins with # is a comment')
  const key = checkText('the name', line.slice(0, tab), IN_KEY)
  const fields = new Map<string, string>()
  for (const field of line.slice(tab + 1).split('|')) {
    if (field === '') continue
    const equals = field.indexOf('=')
    const name = equals === -1 ? field : field.slice(0, equals)
    if (name === '') throw new MapSyntaxError(`a field has no name before its =`)
    if (fields.has(name)) throw new MapSyntaxError(`the field ${checkText('a field', name, IN_NAME)} is there twice`)
    fields.set(checkText('a field', name, IN_NAME), checkText(name, equals === -1 ? '' : field.slice(equals + 1), IN_VALUE))
  }
  return { key, fields }
}

function renderLine({ key, fields }: ParsedEntry<UserdbFields>): string {
  if (key === '' || key.startsWith('#')) throw new MapSyntaxError('a name is not empty and does not begin with #')
  const parts = Array.from(fields, ([name, value]) => {
    if (name === '') throw new MapSyntaxError('a field has a name')
    return `${checkText('a field', name, IN_NAME)}=${checkText(name, value, IN_VALUE)}`
  })
  return `${checkText('the name', key, IN_KEY)}\t${parts.join('|')}`
}
