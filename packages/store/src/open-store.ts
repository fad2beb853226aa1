import type { Actor, Cursor, Directory } from '@muster/domain'
import { makeCreateMailbox } from './create-mailbox.js'
import { makeCustomers } from './customers.js'
import { closeDatabase, openDatabase } from './database.js'
import { makeDomains } from './domains.js'
import type { Feed } from './feed.js'
import { makeHistory } from './history.js'
import { makeHosts } from './hosts.js'
import { makeImportMailboxes } from './import-mailboxes.js'
import { makeKeys } from './keys.js'
import { makeMailboxes } from './mailboxes.js'
import { makeMailstores } from './mailstores.js'
import { makeFeed } from './postgres-feed.js'
import { makeReports } from './reports.js'
import { acceptRestore } from './restore.js'
import { purge } from './tombstones.js'

export interface StoreOptions {
  readonly databaseUrl: string
  /** Connections this process may hold; 10 when not given. A publisher's snapshot holds one for as long as it renders. */
  readonly maxConnections?: number
  /** How long a deleted address or domain is kept from other customers; 90 when not given. */
  readonly quarantineDays?: number
}

export interface Store {
  readonly directory: Directory
  readonly feed: Feed
  /** Begins the next lineage, after a restore that the operator accepts; answers its first cursor. */
  acceptRestore(actor: Actor): Promise<Cursor>
  /** Drops what has served its time by `now`: tombstones whose quarantine ended. */
  purge(now: Date): Promise<{ tombstones: number }>
  /** Resolves when the database answers. */
  ping(): Promise<void>
  /** Waits for what is running, then closes every connection. */
  close(): Promise<void>
}

const DAY_MS = 86_400_000

/** Connects lazily: that the database is there and migrated is for `ping()` and `migrate()` to say. */
export async function openStore({ databaseUrl, maxConnections = 10, quarantineDays = 90 }: StoreOptions): Promise<Store> {
  const database = openDatabase({ databaseUrl, maxConnections, quarantineMs: quarantineDays * DAY_MS })
  return {
    directory: {
      ...makeCustomers(database),
      ...makeDomains(database),
      ...makeMailboxes(database),
      ...makeCreateMailbox(database),
      ...makeImportMailboxes(database),
      ...makeMailstores(database),
      ...makeHosts(database),
      ...makeKeys(database),
      ...makeHistory(database),
      ...makeReports(database),
    },
    feed: makeFeed(database),
    acceptRestore: (actor) => acceptRestore(database, actor),
    purge: (now) => purge(database, now),
    async ping() {
      await database.pool.query('select 1')
    },
    close: () => closeDatabase(database),
  }
}
