import type { Address, Cursor, Host } from '@muster/domain'
import type { MailboxRow } from '@muster/maps'

/** What the publisher reads. Every snapshot is one REPEATABLE READ, READ ONLY transaction. */
export interface Feed {
  /** The newest committed revision, read cheaply: for polling. */
  readHead(): Promise<Cursor>
  /** Runs `use` within one snapshot of the directory and ends the transaction when it returns. */
  withSnapshot<T>(use: (snapshot: FeedSnapshot) => Promise<T>): Promise<T>
}

export interface FeedSnapshot {
  readonly head: Cursor
  /** Whether the directory's own history holds this very revision: false after a restore from a backup. */
  holds(cursor: Cursor): Promise<boolean>
  /** What was logged after a revision, up to the head; null when there is more than `limit` (render whole instead). */
  changesSince(revision: number, limit: number): Promise<FeedChanges | null>
  /** The rows of these addresses that exist, in no order. */
  mailboxRows(addresses: readonly Address[]): Promise<MailboxRow[]>
  /** All rows, or those of one mailstore, in pages of some thousand, streamed by a cursor: memory does not grow with the site. */
  allMailboxRows(mailstore?: string | null): AsyncIterable<readonly MailboxRow[]>
  mailstoreNames(): Promise<string[]>
  /** Which machine is what, for the folders it may read: by name. */
  hosts(): Promise<Pick<Host, 'name' | 'roles' | 'mailstores'>[]>
}

export interface FeedChanges {
  /** Each mailbox logged, with every mailstore it was on before one of the changes. */
  readonly mailboxes: ReadonlyMap<Address, readonly string[]>
  /** Mailstores whose own row changed in a way that maps show (host, port, root, a new one): their maps are rendered whole. */
  readonly mailstores: readonly string[]
  /** Number of log rows read. */
  readonly rows: number
}
