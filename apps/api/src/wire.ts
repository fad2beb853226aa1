import { domainToUnicode } from 'node:url'
import type * as wire from '@muster/contract'
import {
  mapName,
  renderCursor,
  type Change,
  type Customer,
  type Domain,
  type Host,
  type HostReport,
  type Key,
  type Mailbox,
  type MapRef,
  type Mailstore,
} from '@muster/domain'

/** The directory's rows as the wire has them: field by field, so that nothing leaves by accident; instants as RFC 3339 in UTC. */

interface Stamped {
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly revision: number
}

const stamps = ({ createdAt, updatedAt, revision }: Stamped) => ({
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
  revision,
})

export function renderCustomer(row: Customer): wire.Customer {
  return { customerId: row.customerId, name: row.name, state: row.state, ...stamps(row) }
}

export function renderDomain(row: Domain): wire.Domain {
  const { domain, customerId, state, status } = row
  return { domain, domainUnicode: domainToUnicode(domain), customerId, state, status, ...stamps(row) }
}

export function renderMailbox(row: Mailbox): wire.Mailbox {
  return {
    mailboxId: row.mailboxId,
    address: row.address,
    customerId: row.customerId,
    domain: row.domain,
    mailstore: row.mailstore,
    home: row.home,
    maildir: row.maildir,
    uid: row.uid,
    gid: row.gid,
    quotaBytes: row.quotaBytes,
    quotaMessages: row.quotaMessages,
    services: [...row.services],
    name: row.name,
    hasPassword: row.hasPassword,
    state: row.state,
    status: row.status,
    ...stamps(row),
  }
}

export function renderMailstore(row: Mailstore): wire.Mailstore {
  const { name, host, port, root, uid, gid, state, mailboxes } = row
  return { name, host, port, root, uid, gid, state, mailboxes, ...stamps(row) }
}

export function renderHost(row: Host): wire.Host {
  return { name: row.name, roles: [...row.roles], mailstores: [...row.mailstores], ...stamps(row) }
}

export function renderHostMap(ref: MapRef): wire.HostMap {
  return { map: mapName(ref), kind: ref.kind, mailstore: ref.mailstore }
}

export function renderReport(report: HostReport): wire.HostReport {
  const { host, map, cursor, root, level, failedStep, reason, reportedAt } = report
  return {
    host,
    map,
    cursor: cursor === null ? null : renderCursor(cursor),
    root,
    level,
    failedStep,
    reason,
    reportedAt: reportedAt.toISOString(),
  }
}

export function renderKey(row: Key): wire.Key {
  const { keyId, name, role, host, expiresAt, createdAt } = row
  return { keyId, name, role, host, expiresAt: expiresAt?.toISOString() ?? null, createdAt: createdAt.toISOString() }
}

export function renderChange(row: Change): wire.Change {
  const { id, revision, at, kind, key, action, customerId, actor, requestId, before, after } = row
  return { id, revision, at: at.toISOString(), kind, key, action, customerId, actor, requestId, before, after }
}
