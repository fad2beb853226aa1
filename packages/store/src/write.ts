import { accept, type Accepted, type Actor, type Outcome, type Refused, type Written } from '@muster/domain'
import type { Database } from './database.js'
import { Prisma, type ChangeAction, type ChangeKind } from './generated/client.js'
import { retryRaces } from './sql-state.js'

/** A transaction of Prisma's, READ COMMITTED. */
export type Tx = Prisma.TransactionClient

/** What a transaction wrote: its change set, and what to answer once the revision of it is known. */
export interface Logged<T> {
  readonly changeSet: bigint
  readonly answer: (revision: number) => T
}

export type Decision<T, C extends string> = Refused<C> | Accepted<T> | Logged<T>

/** Suspending a customer may touch every mailbox it has: minutes, not Prisma's five seconds. */
const TRANSACTION = { isolationLevel: Prisma.TransactionIsolationLevel.ReadCommitted, maxWait: 10_000, timeout: 600_000 }

/**
 * One write: runs `decide` in a transaction, and after its commit reads the revision stamped for it. `decide` locks, looks, decides
 * and writes, in this order, and does nothing else: it may be run again when it lost a race.
 */
export async function write<T, C extends string = never>(
  database: Database,
  decide: (tx: Tx) => Promise<Decision<T, C>>,
): Promise<Outcome<T, C>> {
  const decision = await retryRaces(() => database.prisma.$transaction(decide, TRANSACTION))
  if (!('changeSet' in decision)) return decision
  const { revision } = await database.prisma.revision.findUniqueOrThrow({
    where: { changeSet: decision.changeSet },
    select: { revision: true },
  })
  return accept(decision.answer(Number(revision)))
}

export interface LogEntry {
  readonly kind: ChangeKind
  readonly key: string
  readonly action: ChangeAction
  /** What it left: for a mailbox, the mailstore it was on before. */
  readonly mailstore?: string
  readonly customerId?: string
  readonly before?: Prisma.InputJsonObject
  readonly after?: Prisma.InputJsonObject
}

/** Logs one change and answers the transaction's change set, which the changed row then carries. */
export async function log(tx: Tx, actor: Actor, entry: LogEntry): Promise<bigint> {
  const { changeSet } = await tx.changeLog.create({
    data: { ...entry, actor: actor.keyId, requestId: actor.requestId },
    select: { changeSet: true },
  })
  return changeSet
}

type JsonField = string | number | boolean | null | readonly string[]

/** Of two pictures of a row, the fields that differ; null when none does. */
export function differenceOf(
  before: Readonly<Record<string, JsonField>>,
  after: Readonly<Record<string, JsonField>>,
): { before: Record<string, JsonField>; after: Record<string, JsonField> } | null {
  const changed = Object.keys(after).filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
  if (changed.length === 0) return null
  const pick = (row: Readonly<Record<string, JsonField>>) => Object.fromEntries(changed.map((field) => [field, row[field] ?? null]))
  return { before: pick(before), after: pick(after) }
}

/** The answer of a write that changed a row: the row as this transaction left it, under its new revision. */
export function written<T extends { readonly revision: number }, More extends object>(
  value: T,
  more?: More & { created?: boolean },
): (revision: number) => Written<T> & More {
  return (revision) => ({ created: false, changed: true, ...(more as More), value: { ...value, revision }, revision })
}

/** The answer of a write that found the row as asked: nothing is logged, and the revision is the one that last changed the row. */
export function unchanged<T extends { readonly revision: number }, More extends object>(
  value: T,
  more?: More,
): Accepted<Written<T> & More> {
  return accept({ created: false, changed: false, ...(more as More), value, revision: value.revision })
}
