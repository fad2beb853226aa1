import type { Database } from './database.js'
import type { Tx } from './write.js'

/** The customer that last had a deleted address (`mailbox`) or domain, while its quarantine lasts by the database's clock. */
export async function quarantineOf(tx: Tx, kind: 'mailbox' | 'domain', key: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ customer_id: string }[]>`
    select customer_id from tombstone where kind = ${kind}::change_kind and key = ${key} and until > now()`
  return rows[0]?.customer_id ?? null
}

/** Keeps an address or a domain from other customers for a while; a later burial of the same key takes the place of the earlier. */
export async function buryKey(tx: Tx, kind: 'mailbox' | 'domain', key: string, customerId: string, quarantineMs: number): Promise<void> {
  await tx.$executeRaw`
    insert into tombstone (kind, key, customer_id, until)
    values (${kind}::change_kind, ${key}, ${customerId}, now() + ${quarantineMs} * interval '1 millisecond')
    on conflict (kind, key) do update set customer_id = excluded.customer_id, deleted_at = excluded.deleted_at, until = excluded.until`
}

/** Drops the tombstones whose quarantine has ended by `now`. */
export async function purge(database: Database, now: Date): Promise<{ tombstones: number }> {
  const { count } = await database.prisma.tombstone.deleteMany({ where: { until: { lte: now } } })
  return { tombstones: count }
}
