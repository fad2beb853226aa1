import type { Actor, Cursor } from '@muster/domain'
import type { Database } from './database.js'
import { log, write } from './write.js'

/**
 * Begins the next lineage: the operator has accepted that this database is not the one the trees were made from. The only code but
 * the stamp that writes the head; the stamp of this very transaction numbers the first revision of the new lineage.
 */
export async function acceptRestore(database: Database, actor: Actor): Promise<Cursor> {
  const outcome = await write(database, async (tx) => {
    const { lineage } = await tx.directoryHead.update({ where: { one: true }, data: { lineage: { increment: 1 } } })
    const entry = { kind: 'lineage', key: String(lineage), action: 'update' } as const
    const changeSet = await log(tx, actor, { ...entry, before: { lineage: lineage - 1 }, after: { lineage } })
    return { changeSet, answer: (revision: number) => revision }
  })
  if (!outcome.ok) throw new Error('accepting a restore is never refused')
  const { lineage, nonce } = await database.prisma.revision.findUniqueOrThrow({ where: { revision: outcome.value } })
  return { lineage, revision: outcome.value, nonce }
}
