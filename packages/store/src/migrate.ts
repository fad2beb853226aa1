import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { findMigrationsFolder, readMigrations, type Migration } from './migrations-folder.js'

export interface MigrateOptions {
  readonly databaseUrl: string
  /** Called before each migration that is applied. */
  readonly onApply?: (name: string) => void
  /** Where the migrations are; the repository's own when not given. */
  readonly folder?: string
}

/** The lock Prisma's own `migrate deploy` takes, so that neither runs beside the other. */
const PRISMA_MIGRATE_LOCK = 72707369

/** As Prisma makes it: `prisma migrate status` and `deploy` read the same table. */
const CREATE_TABLE = `create table if not exists _prisma_migrations (
  id varchar(36) primary key,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`

export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/**
 * Brings a database to the newest schema: applies prisma/migrations in order, each in one transaction with its row in
 * `_prisma_migrations`, and answers the names of those it applied. Two at once wait for each other. Throws a MigrationError where the
 * history isn't what the files say: a file that changed after it was applied, one that is gone, or one that failed half-way.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(options.folder ?? findMigrationsFolder())
  const client = new Client({ connectionString: options.databaseUrl, application_name: 'muster migrate' })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [PRISMA_MIGRATE_LOCK])
    await refuseOtherEncodings(client)
    await client.query("set client_min_messages = 'warning'")
    await client.query(CREATE_TABLE)
    const pending = await pendingOf(client, migrations)
    for (const migration of pending) {
      options.onApply?.(migration.name)
      await apply(client, migration)
    }
    return { applied: pending.map((m) => m.name) }
  } finally {
    await client.end() // ends the session and with it the lock
  }
}

/** Passwords' owners have names; in another encoding than UTF-8 some of them could not be stored. */
async function refuseOtherEncodings(client: Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('show server_encoding')
  const encoding = rows[0]?.server_encoding
  if (encoding !== 'UTF8') throw new MigrationError(`The database's encoding is ${encoding}; create it with ENCODING 'UTF8'.`)
}

interface AppliedRow {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
}

async function pendingOf(client: Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<AppliedRow>(
    'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null order by started_at',
  )
  const byName = new Map(migrations.map((m) => [m.name, m]))
  for (const row of rows) {
    const migration = byName.get(row.migration_name)
    if (row.finished_at === null) {
      throw new MigrationError(
        `Migration ${row.migration_name} was begun by another tool and failed; settle it with prisma migrate resolve.`,
      )
    }
    if (!migration) {
      throw new MigrationError(`The database has the migration ${row.migration_name}, which this version does not know: it is newer.`)
    }
    if (migration.checksum !== row.checksum) {
      throw new MigrationError(`${migration.file} was changed after it was applied. Restore the file and add a migration instead.`)
    }
  }
  const applied = new Set(rows.map((row) => row.migration_name))
  return migrations.filter((m) => !applied.has(m.name))
}

async function apply(client: Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(migration.sql)
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined) // the first error is the one to tell
    throw new MigrationError(`${migration.file} failed and was rolled back: ${(cause as Error).message}`, { cause })
  }
}
