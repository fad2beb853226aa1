import { Prisma } from './generated/client.js'
import type { Tx } from './write.js'

/*
 * Lock order, the same for every write, so that no two wait for each other: the customer's gate, the customer, its domains (by name),
 * mailstores, mailboxes (by address), the head (by the stamp, at COMMIT).
 *
 * Whoever makes a mailbox, or changes one's state, holds its customer and domain FOR SHARE: else a mailbox made while its customer is
 * being suspended would be missing from the mailboxes logged with that, and its map entry would never follow. Row locks do not queue:
 * measured with eight connections creating without a pause, a suspension got no turn in four seconds, as new sharers pass the waiting
 * writer. So everybody first takes the customer's gate, an advisory lock, which is granted in the order of asking (the same
 * suspension: 11 to 32 ms). The gate makes it fair; the row locks make it right.
 */

/** SQL that takes a customer's gate in shared mode, for a select list over rows with a customer_id. */
export const SHARED_GATE = 'pg_advisory_xact_lock_shared(hashtextextended(customer_id, 0))'

/** For what adds to a customer. */
export async function enterGate(tx: Tx, customerId: string): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock_shared(hashtextextended(${customerId}, 0))`
}

/** For what changes the state of all that a customer has, or of a domain. */
export async function closeGate(tx: Tx, customerId: string): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${customerId}, 0))`
}

type Keyed = { customer: 'customer_id'; domain: 'domain'; mailstore: 'name'; mailbox: 'address'; host: 'name'; api_key: 'key_id' }
const KEYS: Keyed = { customer: 'customer_id', domain: 'domain', mailstore: 'name', mailbox: 'address', host: 'name', api_key: 'key_id' }

/**
 * Locks a row against other writers; false when there is none. `update` leaves the foreign keys that point to the row alone (so a
 * mailstore can be changed while mailboxes are made on it), `delete` does not, `share` keeps the row as it is.
 */
export async function lockRow(tx: Tx, table: keyof Keyed, key: string, purpose: 'update' | 'delete' | 'share'): Promise<boolean> {
  const strength = { update: 'no key update', delete: 'update', share: 'share' }[purpose]
  const rows = await tx.$queryRaw<unknown[]>(
    Prisma.sql`select 1 from ${Prisma.raw(table)} where ${Prisma.raw(KEYS[table])} = ${key} for ${Prisma.raw(strength)}`,
  )
  return rows.length > 0
}
