/** open takes new mailboxes; draining and offline take none but are still routed to; retired holds none. */
export const MAILSTORE_STATES = ['open', 'draining', 'offline', 'retired'] as const
export type MailstoreState = (typeof MAILSTORE_STATES)[number]

/** Where Maildirs live. `name` never changes: 1 to 32 of a-z 0-9 and -, beginning with a letter. */
export interface Mailstore {
  readonly name: string
  /** The address or host name that proxies connect to. */
  readonly host: string
  /** The port proxies connect to; null leaves it to the protocol. */
  readonly port: number | null
  /** Absolute path under which homes lie, such as /mail1; no trailing slash. */
  readonly root: string
  /** Owner of new Maildirs. */
  readonly uid: number
  readonly gid: number
  readonly state: MailstoreState
  /** Mailboxes it holds now. */
  readonly mailboxes: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly revision: number
}

export const MAILSTORE_NAME = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/
export const DEFAULT_UID = 5000
export const DEFAULT_GID = 5000
