import type { Address } from './address/parse-address.js'
import type { Customer } from './customer/types.js'
import type { DomainName } from './domain/parse-domain-name.js'
import type { Domain } from './domain/types.js'
import type { Host, Role } from './host/types.js'
import type { Actor, Key, KeyRole } from './key/types.js'
import type { MailboxRefusal, MailboxRequest } from './mailbox/plan-mailbox.js'
import type { Mailbox, PasswordHashes, Service } from './mailbox/types.js'
import type { Mailstore, MailstoreState } from './mailstore/types.js'
import type { Outcome } from './outcome.js'
import type { Cursor } from './revision/cursor.js'
import type { State, StateChange } from './state.js'

/** What a write answers: the row as it is now, the revision that holds it, and whether this call made or changed it. */
export interface Written<T> {
  readonly value: T
  readonly revision: number
  readonly created: boolean
  /** False when the row already was as asked: nothing was logged, and `revision` is the one that last changed it. */
  readonly changed: boolean
}

/** One page of a list, in ascending order of the natural key. `next` is the key to ask after, null on the last page. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export interface PageQuery {
  /** 1 to 1,000. */
  readonly limit: number
  /** Items whose key comes after this one. */
  readonly after?: string | undefined
}

/** A state change with all it touched: the mailboxes whose `status` became another, each logged in the same revision. */
export interface StateWritten<T> extends Written<T> {
  readonly affectedMailboxes: number
}

export interface MailboxChanges {
  readonly hashes?: PasswordHashes
  readonly quotaBytes?: number | null
  readonly quotaMessages?: number | null
  readonly services?: readonly Service[]
  readonly name?: string | null
  readonly uid?: number
  readonly gid?: number
}

export interface MailstoreRequest {
  readonly host: string
  readonly port: number | null
  readonly root: string
  readonly uid: number
  readonly gid: number
  readonly state: MailstoreState
}

export interface HostRequest {
  readonly roles: readonly Role[]
  readonly mailstores: readonly string[]
}

/** One committed change of one thing, redacted: it never holds a hash. */
export interface Change {
  readonly id: number
  readonly revision: number
  readonly at: Date
  readonly kind: 'customer' | 'domain' | 'mailbox' | 'mailstore' | 'host' | 'key' | 'lineage'
  readonly key: string
  readonly action: 'create' | 'update' | 'delete' | 'suspend' | 'resume' | 'close' | 'affected'
  readonly customerId: string | null
  readonly actor: string
  readonly requestId: string
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
}

/** Where one host stands with one map, as its agent last reported. */
export interface HostReport {
  readonly host: string
  readonly map: string
  readonly cursor: Cursor | null
  readonly root: string | null
  readonly level: 'staged' | 'applied' | 'effective'
  readonly failedStep: string | null
  readonly reason: string | null
  readonly reportedAt: Date
}

/** A mailbox row of an import: the domain and the customer are named beside it, and a row that exists already as asked is left alone. */
export interface ImportItem {
  readonly request: MailboxRequest
}

export type ImportVerdict =
  | { readonly address: Address; readonly verdict: 'created' | 'updated' | 'unchanged' }
  | { readonly address: Address; readonly verdict: 'refused'; readonly code: MailboxRefusal; readonly detail: string }

export interface ImportOutcome {
  readonly verdicts: readonly ImportVerdict[]
  /** null for a dry run, and where nothing changed. */
  readonly revision: number | null
  /** False when a row was refused, and for a dry run: then nothing of this call was written. */
  readonly applied: boolean
}

type NotFound = 'customer_not_found' | 'domain_not_found' | 'mailbox_not_found' | 'mailstore_not_found' | 'host_not_found' | 'key_not_found'

/**
 * The directory, as the API uses it: implemented by packages/store on PostgreSQL. Every write is one transaction that reads the facts
 * under lock, asks a pure plan, writes rows and log, and commits; nothing is sent to anybody from inside it.
 */
export interface Directory {
  putCustomer(request: { customerId: string; name: string }, actor: Actor): Promise<Outcome<Written<Customer>, never>>
  getCustomer(customerId: string): Promise<Customer | null>
  listCustomers(query: PageQuery & { state?: State | undefined }): Promise<Page<Customer>>
  patchCustomer(customerId: string, changes: { name?: string }, actor: Actor): Promise<Outcome<Written<Customer>, 'customer_not_found'>>
  setCustomerState(customerId: string, change: StateChange, actor: Actor): Promise<Outcome<StateWritten<Customer>, 'customer_not_found'>>
  /** Refused while the customer has domains. */
  deleteCustomer(customerId: string, actor: Actor): Promise<Outcome<{ revision: number }, 'customer_not_found' | 'customer_not_empty'>>

  putDomain(
    request: { domain: DomainName; customerId: string },
    actor: Actor,
  ): Promise<Outcome<Written<Domain>, 'customer_not_found' | 'customer_closed' | 'domain_of_another_customer' | 'domain_quarantined'>>
  getDomain(domain: DomainName): Promise<Domain | null>
  listDomains(query: PageQuery & { customerId?: string | undefined; state?: State | undefined }): Promise<Page<Domain>>
  setDomainState(domain: DomainName, change: StateChange, actor: Actor): Promise<Outcome<StateWritten<Domain>, 'domain_not_found'>>
  /** Refused while the domain has mailboxes. Leaves a tombstone. */
  deleteDomain(domain: DomainName, actor: Actor): Promise<Outcome<{ revision: number }, 'domain_not_found' | 'domain_not_empty'>>

  createMailbox(request: MailboxRequest, actor: Actor): Promise<Outcome<Written<Mailbox>, MailboxRefusal>>
  getMailbox(address: Address): Promise<Mailbox | null>
  listMailboxes(
    query: PageQuery & {
      domain?: DomainName | undefined
      customerId?: string | undefined
      mailstore?: string | undefined
      state?: State | undefined
    },
  ): Promise<Page<Mailbox>>
  patchMailbox(address: Address, changes: MailboxChanges, actor: Actor): Promise<Outcome<Written<Mailbox>, 'mailbox_not_found'>>
  setMailboxState(address: Address, change: StateChange, actor: Actor): Promise<Outcome<StateWritten<Mailbox>, 'mailbox_not_found'>>
  /** Leaves a tombstone: the address is not given to another customer before its quarantine ends. */
  deleteMailbox(address: Address, actor: Actor): Promise<Outcome<{ revision: number }, 'mailbox_not_found'>>
  /** For checking a password only; never leaves the process. */
  loadPasswordHashes(address: Address): Promise<PasswordHashes | null>
  /** At most 1,000 rows, all or nothing, in one transaction; a dry run writes nothing and gives the same verdicts. */
  importMailboxes(
    items: readonly ImportItem[],
    options: { dryRun: boolean; customerId: string },
    actor: Actor,
  ): Promise<Outcome<ImportOutcome, 'customer_not_found'>>

  putMailstore(request: MailstoreRequest & { name: string }, actor: Actor): Promise<Outcome<Written<Mailstore>, never>>
  getMailstore(name: string): Promise<Mailstore | null>
  listMailstores(query: PageQuery): Promise<Page<Mailstore>>
  patchMailstore(
    name: string,
    changes: Partial<MailstoreRequest>,
    actor: Actor,
  ): Promise<Outcome<Written<Mailstore>, 'mailstore_not_found'>>
  deleteMailstore(name: string, actor: Actor): Promise<Outcome<{ revision: number }, 'mailstore_not_found' | 'mailstore_not_empty'>>

  putHost(request: HostRequest & { name: string }, actor: Actor): Promise<Outcome<Written<Host>, 'mailstore_not_found'>>
  getHost(name: string): Promise<Host | null>
  listHosts(query: PageQuery & { role?: Role | undefined }): Promise<Page<Host>>
  patchHost(
    name: string,
    changes: Partial<HostRequest>,
    actor: Actor,
  ): Promise<Outcome<Written<Host>, 'host_not_found' | 'mailstore_not_found'>>
  deleteHost(name: string, actor: Actor): Promise<Outcome<{ revision: number }, 'host_not_found'>>

  /** `secretHash` is the SHA-256 of the secret, which only the caller of the API ever sees. */
  createKey(
    request: { keyId: string; name: string; role: KeyRole; host: string | null; expiresAt: Date | null; secretHash: Buffer },
    actor: Actor,
  ): Promise<Outcome<Written<Key>, 'host_not_found'>>
  /** The key and its secret's hash, for authentication; null for an unknown, revoked or expired key. */
  findKey(keyId: string): Promise<{ key: Key; secretHash: Buffer } | null>
  listKeys(query: PageQuery): Promise<Page<Key>>
  deleteKey(keyId: string, actor: Actor): Promise<Outcome<{ revision: number }, 'key_not_found'>>

  getHead(): Promise<Cursor>
  getRevision(revision: number): Promise<{ revision: number; committedAt: Date; changes: number; maps: readonly string[] } | null>
  /** Changes in commit order after a revision, the whole of each revision on one page. */
  listChanges(query: { afterRevision: number; limit: number }): Promise<{ items: readonly Change[]; next: number | null }>

  saveReports(reports: readonly Omit<HostReport, 'reportedAt'>[]): Promise<void>
  listReports(query: { host?: string | undefined; map?: string | undefined }): Promise<readonly HostReport[]>
}

export type DirectoryRefusal =
  | NotFound
  | MailboxRefusal
  | 'customer_not_empty'
  | 'customer_closed'
  | 'domain_of_another_customer'
  | 'domain_quarantined'
  | 'domain_not_empty'
  | 'mailstore_not_empty'
