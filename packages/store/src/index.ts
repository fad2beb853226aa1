/**
 * The directory in PostgreSQL. Implements the ports of packages/domain: every write is one transaction that locks what its decision
 * needs, reads the facts, asks a pure plan, writes rows and log, and commits; the revision is stamped at that commit.
 *
 * It must never: write the head, `revision` or a log row's change set itself (the triggers of the first migration do); write at another
 * isolation level than READ COMMITTED; notify anybody from inside a write; select a password hash in an everyday read; answer in HTTP's
 * terms. Agents never import it: a mail host has no connection to this database.
 */
export * from './feed.js'
export { migrate, MigrationError, type MigrateOptions } from './migrate.js'
export { openStore, type Store, type StoreOptions } from './open-store.js'
