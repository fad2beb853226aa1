import type { Actor, State } from '@muster/domain'
import { Prisma } from './generated/client.js'
import type { Tx } from './write.js'

/** A customer, or one domain of it, that goes from one state to another. */
export interface StateMove {
  readonly customerId: string
  readonly domain: string | null
  readonly from: State
  readonly to: State
}

/**
 * Logs every domain and mailbox below whose status becomes another by this, in the transaction of the change itself, and gives each
 * its change set. Two statements however many there are. Answers the number of mailboxes. The caller holds what keeps others from
 * coming or changing state meanwhile (see gate.ts).
 */
export async function logAffected(tx: Tx, move: StateMove, actor: Actor): Promise<number> {
  if (move.domain === null) await logAffectedDomains(tx, move, actor)
  // In these selects the row that moves is taken out of greatest(), and its state before and after put in its place.
  const rest = move.domain === null ? Prisma.sql`greatest(m.state, d.state)` : Prisma.sql`greatest(m.state, c.state)`
  const scope = move.domain === null ? Prisma.sql`m.customer_id = ${move.customerId}` : Prisma.sql`m.domain = ${move.domain}`
  return tx.$executeRaw`
    with moved as (
      select m.address as key, m.mailstore, greatest(${rest}, ${move.from}::state) as was, greatest(${rest}, ${move.to}::state) as becomes
      from mailbox m join domain d using (domain) join customer c on c.customer_id = m.customer_id
      where ${scope} and greatest(${rest}, ${move.from}::state) <> greatest(${rest}, ${move.to}::state)
    ), logged as (
      insert into change_log (kind, key, action, mailstore, customer_id, actor, request_id, before, after)
      select 'mailbox', key, 'affected', mailstore, ${move.customerId}, ${actor.keyId}, ${actor.requestId},
        jsonb_build_object('status', was), jsonb_build_object('status', becomes)
      from moved order by key
      returning key, change_set
    )
    update mailbox m set change_set = l.change_set from logged l where m.address = l.key`
}

async function logAffectedDomains(tx: Tx, move: StateMove, actor: Actor): Promise<void> {
  await tx.$executeRaw`
    with moved as (
      select domain as key, greatest(state, ${move.from}::state) as was, greatest(state, ${move.to}::state) as becomes
      from domain
      where customer_id = ${move.customerId} and greatest(state, ${move.from}::state) <> greatest(state, ${move.to}::state)
    ), logged as (
      insert into change_log (kind, key, action, customer_id, actor, request_id, before, after)
      select 'domain', key, 'affected', ${move.customerId}, ${actor.keyId}, ${actor.requestId},
        jsonb_build_object('status', was), jsonb_build_object('status', becomes)
      from moved order by key
      returning key, change_set
    )
    update domain d set change_set = l.change_set from logged l where d.domain = l.key`
}
