import { pathBelow, type Address, type Service } from '@muster/domain'
import { MapSyntaxError, parseMaildirQuota, userdb, type UserdbFields } from '@muster/maps'
import { checkRecord, type ImportRecord } from './import-record.js'
import { readName } from './read-name.js'
import { badLine, type LineOutcome, type SourceLine } from './source-lines.js'

/** The fields of a userdb that the directory holds. Whatever else is there stops the line, unless the operator says to drop it. */
export const USERDB_FIELDS = ['uid', 'gid', 'home', 'mail', 'quota', 'gecos', 'systempw', 'imappw', 'pop3pw', 'esmtppw'] as const

const SERVICE_OF_PASSWORD: Record<string, Service> = { imappw: 'imap', pop3pw: 'pop3', esmtppw: 'smtp' }

export interface UserdbOptions {
  /** For names without a domain. */
  readonly domain: string | null
  /** Fields to leave behind, by name. */
  readonly dropFields: readonly string[]
}

/** One account of a userdb as a mailbox to import. Where it lies is said by its home; on which mailstore, by the caller. */
export function readUserdbLine(source: SourceLine, options: UserdbOptions): LineOutcome<ImportRecord> {
  const parsed = parseLine(source)
  if (!parsed.ok) return parsed
  const { key, fields } = parsed.value
  if (/^\d+=$/.test(key)) {
    return badLine(source, 'reverse_entry', `${key} leads from a uid of the system back to a name; the directory holds no such entries.`)
  }
  const lost = [...fields.keys()].filter((field) => !USERDB_FIELDS.some((kept) => kept === field) && !options.dropFields.includes(field))
  if (lost.length > 0) {
    const drop = lost.map((field) => `--drop-field ${field}`).join(' ')
    return badLine(source, 'field_not_kept', `The directory does not hold ${lost.join(', ')}; ${drop} imports the line without.`)
  }
  const address = readName(source, key, options.domain)
  return address.ok ? readFields(source, address.value, fields) : address
}

function parseLine(source: SourceLine): LineOutcome<{ key: string; fields: UserdbFields }> {
  try {
    return { ok: true, value: userdb.parseLine(source.text) }
  } catch (error) {
    if (error instanceof MapSyntaxError)
      return badLine(source, 'line_invalid', `The line does not read name<TAB>field=value|...: ${error.message}.`)
    throw error
  }
}

function readFields(source: SourceLine, address: Address, fields: UserdbFields): LineOutcome<ImportRecord> {
  const missing = ['uid', 'gid', 'home'].filter((field) => !fields.get(field))
  if (missing.length > 0) {
    return badLine(source, 'field_invalid', `${missing.join(', ')} missing: the directory would choose others than the mail has today.`)
  }
  const home = plainPath(fields.get('home') ?? '')
  const mail = fields.get('mail')
  const maildir = mail ? plainPath(mail, home) : undefined
  if (maildir !== undefined && maildir !== home && pathBelow(home, maildir) === null) {
    return badLine(source, 'field_invalid', `mail=${maildir} is neither the home nor below it; the directory keeps a Maildir in its home.`)
  }
  const password = readPasswords(source, fields)
  if (!password.ok) return password
  const quota = readQuota(source, fields.get('quota') ?? '')
  if (!quota.ok) return quota
  return checkRecord(source, {
    address,
    ...password.value,
    mailstore: undefined,
    home,
    maildir,
    uid: fields.get('uid'),
    gid: fields.get('gid'),
    quotaBytes: quota.value.quotaBytes?.toString(),
    quotaMessages: quota.value.quotaMessages?.toString(),
    fullName: fields.get('gecos') || undefined,
  })
}

/** The same place in its plain spelling: Courier takes `./Maildir/` and `Maildir` for one folder of the home. */
function plainPath(path: string, home?: string): string {
  const absolute = path.startsWith('/') || home === undefined ? path : `${home}/${path.replace(/^(?:\.\/+)+/, '')}`
  return absolute.replace(/(?<=.)(?:\/+\.?)+$/, '')
}

/** authlib takes `<service>pw`, and `systempw` for every service without one. The directory holds one password a mailbox. */
function readPasswords(
  source: SourceLine,
  fields: UserdbFields,
): LineOutcome<{ hash: string | undefined; services: Service[] | undefined }> {
  const given = [...fields].filter(([field]) => field === 'systempw' || field in SERVICE_OF_PASSWORD)
  const hashes = new Set(given.map(([, hash]) => hash))
  if (hashes.size > 1) {
    const names = given.map(([field]) => field).join(', ')
    return badLine(source, 'passwords_differ', `${names} are not the same; the directory holds one password a mailbox.`)
  }
  const [hash] = hashes
  const everywhere = hash === undefined || fields.has('systempw')
  const services = everywhere ? undefined : given.map(([field]) => SERVICE_OF_PASSWORD[field]).filter((service) => service !== undefined)
  return { ok: true, value: { hash, services } }
}

function readQuota(source: SourceLine, text: string): LineOutcome<ReturnType<typeof parseMaildirQuota>> {
  try {
    return { ok: true, value: parseMaildirQuota(text) }
  } catch (error) {
    if (error instanceof MapSyntaxError) return badLine(source, 'field_invalid', `${error.message}.`)
    throw error
  }
}
