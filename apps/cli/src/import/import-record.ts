import type { ImportItem } from '@muster/contract'
import { parsePasswordHash, parseStorePath, type Address, type Service } from '@muster/domain'
import { badLine, type LineOutcome, type Place } from './source-lines.js'

/** One mailbox to import, checked as far as that goes without the directory, and where it was said. */
export interface ImportRecord {
  readonly place: Place
  readonly address: Address
  readonly item: ImportItem
}

/** A mailbox as its source spells it; undefined is what the source does not say. */
export interface RawRecord {
  readonly address: Address
  readonly hash: string | undefined
  readonly mailstore: string | undefined
  readonly home: string | undefined
  readonly maildir: string | undefined
  readonly uid: string | undefined
  readonly gid: string | undefined
  readonly quotaBytes: string | undefined
  readonly quotaMessages?: string | undefined
  readonly services: readonly Service[] | undefined
  readonly fullName: string | undefined
}

/** What the directory holds; ids above belong to no account in practice. */
const LARGEST_ID = 2_147_483_647

/** Checks each field the way the directory will, so that most faults are told before anything is sent. */
export function checkRecord(place: Place, raw: RawRecord): LineOutcome<ImportRecord> {
  const at: Place = { file: place.file, line: place.line }
  const hash = raw.hash === undefined ? null : parsePasswordHash(raw.hash)
  if (hash !== null && !hash.ok) return badLine(at, hash.code, hash.detail)
  for (const [field, path] of Object.entries({ home: raw.home, maildir: raw.maildir })) {
    const parsed = path === undefined ? null : parseStorePath(path)
    if (parsed !== null && !parsed.ok) return badLine(at, 'field_invalid', `${field}=${path}: ${parsed.detail}`)
  }
  const numbers = {
    uid: parseNumber(raw.uid, LARGEST_ID),
    gid: parseNumber(raw.gid, LARGEST_ID),
    quotaBytes: parseNumber(raw.quotaBytes, Number.MAX_SAFE_INTEGER),
    quotaMessages: parseNumber(raw.quotaMessages, Number.MAX_SAFE_INTEGER),
  }
  const wrong = Object.entries(numbers).find(([, number]) => number === null)?.[0]
  if (wrong !== undefined) {
    const given = raw[wrong as keyof typeof numbers]
    return badLine(at, 'field_invalid', `${wrong} is a whole number from 1; ${given} is not.${wrong.startsWith('quota') ? UNLIMITED : ''}`)
  }
  if (raw.fullName !== undefined && (/[\p{Cc}\p{Cs}:|]/u.test(raw.fullName) || raw.fullName.length > 128)) {
    return badLine(at, 'field_invalid', 'The name has at most 128 characters and none of : and |.')
  }
  const item = compact({
    address: raw.address,
    passwordHash: raw.hash,
    mailstore: raw.mailstore,
    home: raw.home,
    maildir: raw.maildir,
    uid: numbers.uid,
    gid: numbers.gid,
    quotaBytes: numbers.quotaBytes,
    quotaMessages: numbers.quotaMessages,
    services: raw.services === undefined ? undefined : [...raw.services],
    name: raw.fullName,
  })
  return { ok: true, value: { place: at, address: raw.address, item } }
}

const UNLIMITED = ' Leave it out for unlimited.'

/** undefined for what is not given, null for what is no number from 1 to `largest`. */
function parseNumber(text: string | undefined, largest: number): number | undefined | null {
  if (text === undefined) return undefined
  const number = /^\d{1,16}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= largest ? number : null
}

/** Without the fields that are not given: on the wire, null says something else. */
function compact(fields: Record<string, unknown> & { address: string }): ImportItem {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ImportItem
}
