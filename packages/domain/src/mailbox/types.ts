import type { Address } from '../address/parse-address.js'
import type { DomainName } from '../domain/parse-domain-name.js'
import type { State } from '../state.js'

export const SERVICES = ['imap', 'pop3', 'smtp'] as const
/** What a mailbox's owner may log in to; smtp is submission. */
export type Service = (typeof SERVICES)[number]

export interface Mailbox {
  readonly mailboxId: string
  readonly address: Address
  readonly customerId: string
  readonly domain: DomainName
  readonly mailstore: string
  /** Absolute, below the mailstore's root. */
  readonly home: string
  /** Absolute: the Maildir itself. */
  readonly maildir: string
  readonly uid: number
  readonly gid: number
  /** null is unlimited. */
  readonly quotaBytes: number | null
  readonly quotaMessages: number | null
  readonly services: readonly Service[]
  /** The owner's name as passwd files carry it (gecos); null for none. */
  readonly name: string | null
  readonly hasPassword: boolean
  /** The mailbox's own state; `status` is the strongest of it, its domain's and its customer's. */
  readonly state: State
  readonly status: State
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly revision: number
}

/**
 * The hashes of one password. `argon2id` is for Dovecot and for our own checks, `crypt` for daemons that use crypt(3). An imported
 * hash fills one of them; both null: nobody can log in.
 */
export interface PasswordHashes {
  readonly argon2id: string | null
  readonly crypt: string | null
}
