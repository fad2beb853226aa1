import { PrismaPg } from '@prisma/adapter-pg'
import { Pool, TypeOverrides } from 'pg'
import { PrismaClient } from './generated/client.js'
import { startMailboxCounts, type MailboxCounts } from './mailbox-counts.js'

/** What every part of the store works with. Prisma and the hand-written SQL share one pool. */
export interface Database {
  readonly prisma: PrismaClient
  readonly pool: Pool
  readonly counts: MailboxCounts
  /** How long a deleted address or domain is kept from other customers. */
  readonly quarantineMs: number
}

/** A writer that waits longer for a lock gives up: its caller has, too, and a queue of waiters must not fill the pool. */
const LOCK_TIMEOUT_MS = 10_000
/** A process that stalls within a transaction would hold its locks for ever; the server ends such a session. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/**
 * A session keeps the plans of its prepared statements, and of its foreign keys. Made while a table had a handful of rows, such a plan
 * scans the table, and goes on scanning it when it has a hundred thousand, until autovacuum next looks (a minute). Every statement of
 * the directory finds its rows by index; the few that read a whole table still may (postgres-feed.ts). Planning anew each time would
 * do as well, and cost a quarter of the creates a second. jit: before PostgreSQL 18 the price that scans are given starts it.
 */
const PLANNER = '-c enable_seqscan=off -c jit=off'

const INT8 = 20

export function openDatabase(options: { databaseUrl: string; maxConnections: number; quarantineMs: number }): Database {
  const types = new TypeOverrides()
  types.setTypeParser(INT8, parseSafeInteger)
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections,
    application_name: 'muster',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    options: PLANNER,
    types,
  })
  pool.on('error', () => undefined) // an idle connection broke; the pool has dropped it, and whoever asks next gets a new one
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  return { prisma, pool, counts: startMailboxCounts(pool), quarantineMs: options.quarantineMs }
}

export async function closeDatabase(database: Database): Promise<void> {
  await database.prisma.$disconnect()
  await database.pool.end()
}

/** Revisions, sizes and counts are below 2^53 by far; one that is not must not be rounded in silence. */
export function parseSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no integer that JavaScript can hold`)
  return value
}
