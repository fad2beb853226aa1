import type { Address, MapKindName, PasswordHashes, Service, State } from '@muster/domain'

/** A mailbox with all that any map says of it: what the publisher reads from the directory, one row a mailbox. */
export interface MailboxRow extends PasswordHashes {
  readonly mailboxId: string
  readonly address: Address
  readonly mailstore: string
  /** Where proxies connect to; null leaves the port to the protocol. */
  readonly mailstoreHost: string
  readonly mailstorePort: number | null
  readonly home: string
  readonly maildir: string
  readonly uid: number
  readonly gid: number
  readonly quotaBytes: number | null
  readonly quotaMessages: number | null
  readonly services: readonly Service[]
  readonly name: string | null
  readonly status: State
}

/** One line of a map, without its newline, and the key it is found by. */
export interface Entry {
  readonly key: string
  readonly line: string
}

/** What a daemon's line says, taken apart; `fields` are as the daemon knows them. */
export interface ParsedEntry<Fields> {
  readonly key: string
  readonly fields: Fields
}

/**
 * A kind of map: pure, so that the same row gives the same bytes on every machine. A row may have several entries, but every key it
 * can ever have follows from its address alone, so that an entry can be taken away when the row is gone.
 */
export interface MapKind<Fields> {
  readonly name: MapKindName
  /** Lines hold password hashes: such a tree travels only encrypted, and only to hosts that verify them. */
  readonly secret: boolean
  /** Every key a mailbox of this address may have in this map, now or under any other state. */
  keysOf(address: Address): readonly string[]
  /** The entries of a row; none when the row is not in this map (a closed mailbox). */
  entriesOf(row: MailboxRow): readonly Entry[]
  keyOfLine(line: string): string
  /** Takes one line apart; throws a MapSyntaxError that says what is wrong with it. */
  parseLine(line: string): ParsedEntry<Fields>
  renderLine(entry: ParsedEntry<Fields>): string
}

export class MapSyntaxError extends Error {
  override readonly name = 'MapSyntaxError'
}
