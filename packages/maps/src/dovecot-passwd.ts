import { SERVICES, type Address, type Service } from '@muster/domain'
import { checkText } from './check-text.js'
import { MapSyntaxError, type Entry, type MailboxRow, type MapKind, type ParsedEntry } from './map-kind.js'

export interface DovecotPasswdFields {
  /** `{SCHEME}hash`. */
  readonly password: string
  /** What the userdb answers; null for a line that is only there to log in by. */
  readonly account: DovecotAccount | null
}

export interface DovecotAccount {
  readonly uid: number
  readonly gid: number
  readonly home: string
  /** Extra fields; `userdb_` before a name makes it an answer of the userdb. */
  readonly extra: ReadonlyMap<string, string>
}

/** crypt(3) gives no hash that is a lone asterisk, so nothing verifies. An empty password field would be one too, by luck only. */
const NO_PASSWORD = '{CRYPT}*'

/** Dovecot's names of what is logged in to: its own submission server and ManageSieve have their own beside Postfix's smtp. */
const DOVECOT_SERVICES: Record<Service, readonly string[]> = {
  imap: ['imap', 'sieve'],
  pop3: ['pop3'],
  smtp: ['smtp', 'submission'],
}
const ALL_DOVECOT_SERVICES = SERVICES.flatMap((service) => DOVECOT_SERVICES[service])

/** `#` is a comment only where a line begins with it. */
const IN_FIELD = /[:\p{Control}\p{Surrogate}]/u
const IN_MAILDIR = /[:\s\p{Control}\p{Surrogate}]/u
const IN_EXTRA_NAME = /[=\s%\p{Control}\p{Surrogate}]/u
const IN_EXTRA_VALUE = /[\s\p{Control}\p{Surrogate}]/u
const MAX_ID = 4_294_967_294

/**
 * Dovecot's passwd-file, passdb and userdb in one: `user:{SCHEME}hash:uid:gid::home::userdb_mail=... userdb_quota_rule=...`. A mailbox
 * that may log in to some services only has no password in that line, but a line `imap"user:{SCHEME}hash` for each of those services,
 * which a second passdb with `username_format=%Ls"%Lu` finds. So a configuration without that passdb lets in too few, never too many.
 */
export const dovecotPasswd: MapKind<DovecotPasswdFields> = {
  name: 'dovecot-passwd',
  secret: true,
  keysOf: (address) => [dovecotUser(address), ...ALL_DOVECOT_SERVICES.map((service) => dovecotServiceKey(service, address))],
  entriesOf: (row) => (row.status === 'closed' ? [] : [accountEntry(row), ...serviceEntries(row)]),
  keyOfLine: (line) => line.slice(0, line.indexOf(':')),
  parseLine,
  renderLine,
}

/** Dovecot looks a user up by his name with a backslash before each apostrophe: it escapes what it puts into username_format. */
export function dovecotUser(address: Address): string {
  return address.includes("'") ? address.replaceAll("'", "\\'") : address
}

/** A client who sends such a name himself looks up another key: Dovecot escapes his quote, and refuses it in user names anyway. */
export function dovecotServiceKey(service: string, address: Address): string {
  return `${service}"${dovecotUser(address)}`
}

function accountEntry(row: MailboxRow): Entry {
  const key = dovecotUser(row.address)
  const home = checkText('home', row.home, IN_FIELD, row.address)
  const maildir = checkText('maildir', row.maildir, IN_MAILDIR, row.address)
  const password = isRestricted(row) ? NO_PASSWORD : (passwordOf(row) ?? NO_PASSWORD)
  const owner = `${checkId('uid', row.uid)}:${checkId('gid', row.gid)}`
  return { key, line: `${key}:${password}:${owner}::${home}::userdb_mail=maildir:${expandable(maildir)}${quotaOf(row)}` }
}

function serviceEntries(row: MailboxRow): Entry[] {
  const password = passwordOf(row)
  if (password === null || !isRestricted(row)) return []
  return row.services
    .flatMap((service) => DOVECOT_SERVICES[service])
    .map((service) => dovecotServiceKey(service, row.address))
    .map((key) => ({ key, line: `${key}:${password}` }))
}

function isRestricted({ services }: MailboxRow): boolean {
  return !SERVICES.every((service) => services.includes(service))
}

function passwordOf({ address, status, argon2id, crypt }: MailboxRow): string | null {
  if (status !== 'active') return null
  if (argon2id !== null) return `{ARGON2ID}${checkText('password hash', argon2id, IN_FIELD, address)}`
  return crypt === null ? null : `{CRYPT}${checkText('password hash', crypt, IN_FIELD, address)}`
}

function quotaOf({ quotaBytes, quotaMessages }: MailboxRow): string {
  const bytes = quotaBytes === null ? '' : `:bytes=${quotaBytes}`
  const messages = quotaMessages === null ? '' : `:messages=${quotaMessages}`
  return bytes + messages === '' ? '' : ` userdb_quota_rule=*${bytes}${messages}`
}

/** A uid or gid of 0 is no user to Dovecot: it drops the whole line and says so in its log only. */
function checkId(what: string, id: number): number {
  if (!Number.isInteger(id) || id < 1 || id > MAX_ID) throw new MapSyntaxError(`${what} ${id} is not one that Dovecot takes`)
  return id
}

/** Dovecot expands `%u` and the like in extra fields; `%%` is a percent sign. */
function expandable(value: string): string {
  return value.replaceAll('%', '%%')
}

function parseLine(line: string): ParsedEntry<DovecotPasswdFields> {
  if (line.startsWith('#')) throw new MapSyntaxError('a line that begins with # is a comment')
  const [key = '', password, uid, gid, _gecos, home, _shell, ...extra] = line.split(':')
  if (key === '') throw new MapSyntaxError('there is no user before the first colon')
  if (password === undefined) throw new MapSyntaxError('there is no password field')
  checkText('the line', line, /[\p{Control}\p{Surrogate}]/u)
  if (uid === undefined) return { key, fields: { password, account: null } }
  if (gid === undefined || home === undefined) throw new MapSyntaxError('a line with a uid has a gid and a home too')
  const account = { uid: parseId('uid', uid), gid: parseId('gid', gid), home, extra: parseExtra(extra.join(':')) }
  return { key, fields: { password, account } }
}

function parseId(what: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new MapSyntaxError(`${what} is not a number`)
  return checkId(what, Number(text))
}

function parseExtra(text: string): Map<string, string> {
  const extra = new Map<string, string>()
  for (const field of text.split(' ')) {
    if (field === '') continue
    const equals = field.indexOf('=')
    const name = equals === -1 ? field : field.slice(0, equals)
    const value = equals === -1 ? '' : field.slice(equals + 1)
    if (name === '' || extra.has(name)) throw new MapSyntaxError('an extra field has no name, or is there twice')
    if (/%(?!%)/.test(value.replaceAll('%%', ''))) throw new MapSyntaxError(`${name} holds a variable that Dovecot would expand`)
    extra.set(name, value.replaceAll('%%', '%'))
  }
  return extra
}

function renderLine({ key, fields: { password, account } }: ParsedEntry<DovecotPasswdFields>): string {
  if (key === '' || key.startsWith('#')) throw new MapSyntaxError('a user is not empty and does not begin with #')
  const start = `${checkText('the user', key, IN_FIELD)}:${checkText('the password', password, IN_FIELD)}`
  if (account === null) return start
  const extra = Array.from(account.extra, ([name, value]) => {
    if (name === '') throw new MapSyntaxError('an extra field has a name')
    return `${checkText('an extra field', name, IN_EXTRA_NAME)}=${expandable(checkText(name, value, IN_EXTRA_VALUE))}`
  })
  const home = checkText('the home', account.home, IN_FIELD)
  return `${start}:${checkId('uid', account.uid)}:${checkId('gid', account.gid)}::${home}::${extra.join(' ')}`
}
