import {
  SERVICES,
  type Address,
  type Cursor,
  type Customer,
  type Domain,
  type DomainName,
  type Host,
  type HostReport,
  type Key,
  type Mailbox,
  type Mailstore,
  type Role,
  type Service,
} from '@muster/domain'
import type {
  ApiKey,
  CustomerView,
  DomainView,
  HostReport as HostReportRow,
  HostView,
  MailboxView,
  MailstoreView,
} from './generated/client.js'

/*
 * From rows to the domain's types. What the database holds was parsed before it was written, and constraints keep it so: words are
 * taken as they are, integers checked.
 */

export function toCustomer(row: CustomerView): Customer {
  return { ...row, revision: toNumber(row.revision) }
}

export function toDomain(row: DomainView): Domain {
  return { ...row, domain: row.domain as DomainName, revision: toNumber(row.revision) }
}

export function toMailbox(row: MailboxView): Mailbox {
  return {
    ...row,
    address: row.address as Address,
    domain: row.domain as DomainName,
    quotaBytes: row.quotaBytes === null ? null : toNumber(row.quotaBytes),
    quotaMessages: row.quotaMessages === null ? null : toNumber(row.quotaMessages),
    services: sortServices(row.services as Service[]),
    revision: toNumber(row.revision),
  }
}

export function toMailstore(row: MailstoreView, mailboxes: number): Mailstore {
  return { ...row, mailboxes, revision: toNumber(row.revision) }
}

export function toHost(row: HostView): Host {
  return { ...row, roles: row.roles as Role[], revision: toNumber(row.revision) }
}

export function toKey(row: Pick<ApiKey, 'keyId' | 'name' | 'role' | 'host' | 'expiresAt' | 'createdAt'>): Key {
  const { keyId, name, role, host, expiresAt, createdAt } = row
  return { keyId, name, role, host, expiresAt, createdAt }
}

export function toHostReport({ lineage, revision, nonce, ...row }: HostReportRow): HostReport {
  return { ...row, cursor: toCursor(lineage, revision, nonce) }
}

function toCursor(lineage: number | null, revision: bigint | null, nonce: string | null): Cursor | null {
  return lineage === null || revision === null || nonce === null ? null : { lineage, revision: toNumber(revision), nonce }
}

export function toNumber(value: bigint): number {
  if (value > Number.MAX_SAFE_INTEGER) throw new RangeError(`${value} is no integer that JavaScript can hold`)
  return Number(value)
}

/** Services have one order, so that the same set is the same row and the same line in a map. */
export function sortServices(services: readonly Service[]): Service[] {
  return SERVICES.filter((service) => services.includes(service))
}
