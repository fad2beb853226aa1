import type { Change, Cursor, Directory } from '@muster/domain'
import type { Database } from './database.js'
import { mapsTouched } from './maps-touched.js'

type History = Pick<Directory, 'getHead' | 'getRevision' | 'listChanges'>

/** In a row of the log about a mailstore: whether it is of those that maps show (host, port, root, a new one, one that is gone). */
export const SHOWN_IN_MAPS = `(c.action <> 'update' or c.after ?| array['host', 'port', 'root'])`

/** Read by SQL: the log joins its revision by change set, which is no foreign key, as the log comes first. */
export function makeHistory(database: Database): History {
  const { pool, prisma } = database
  return {
    getHead: () => readHead(database),

    async getRevision(revision) {
      const row = await prisma.revision.findUnique({ where: { revision } })
      if (!row) return null
      const { rows } = await pool.query<TouchedRow>(TOUCHED, [row.changeSet])
      const { changes, mailboxes, mailbox_mailstores, mailstores } = rows[0] as TouchedRow
      const maps = mapsTouched({ mailboxes, mailboxMailstores: mailbox_mailstores, mailstores })
      return { revision, committedAt: row.committedAt, changes, maps }
    },

    async listChanges({ afterRevision, limit }) {
      const { rows } = await pool.query<ChangeRow>(`${CHANGES} where r.revision > $1 order by r.revision, c.id limit $2`, [
        afterRevision,
        limit + 1,
      ])
      if (rows.length <= limit) return { items: rows.map(toChange), next: null }
      const cut = (rows.at(-1) as ChangeRow).revision // the page ends before it, as it may be cut off
      const whole = rows.filter((row) => row.revision < cut)
      const last = whole.at(-1)
      if (last) return { items: whole.map(toChange), next: last.revision }
      return wholeRevision(database, cut)
    },
  }
}

export async function readHead({ prisma }: Pick<Database, 'prisma'>): Promise<Cursor> {
  const { lineage, revision, nonce } = await prisma.directoryHead.findFirstOrThrow()
  return { lineage, revision: Number(revision), nonce }
}

interface TouchedRow {
  readonly changes: number
  readonly mailboxes: boolean
  readonly mailbox_mailstores: readonly string[]
  readonly mailstores: readonly string[]
}

const TOUCHED = `select count(*) as changes, coalesce(bool_or(kind = 'mailbox'), false) as mailboxes,
    coalesce(array_agg(distinct c.key) filter (where kind = 'mailstore' and ${SHOWN_IN_MAPS}), '{}') as mailstores,
    array(
      select mailstore from change_log where change_set = $1 and kind = 'mailbox' and mailstore is not null
      union select after->>'mailstore' from change_log where change_set = $1 and kind = 'mailbox' and after ? 'mailstore'
    ) as mailbox_mailstores
  from change_log c where change_set = $1`

interface ChangeRow extends Omit<Change, 'at' | 'customerId' | 'requestId'> {
  readonly committed_at: Date
  readonly customer_id: string | null
  readonly request_id: string
}

const CHANGES = `select c.id, r.revision, r.committed_at, c.kind, c.key, c.action, c.customer_id, c.actor, c.request_id, c.before, c.after
  from revision r join change_log c using (change_set)`

function toChange({ committed_at: at, customer_id: customerId, request_id: requestId, ...row }: ChangeRow): Change {
  return { ...row, at, customerId, requestId }
}

/** A revision larger than a page is a page of its own, whatever its size: whoever applies pages one by one never sees half of it. */
async function wholeRevision({ pool }: Database, revision: number): Promise<{ items: Change[]; next: number | null }> {
  const { rows } = await pool.query<ChangeRow>(`${CHANGES} where r.revision = $1 order by c.id`, [revision])
  const more = await pool.query('select 1 from revision where revision > $1 limit 1', [revision])
  return { items: rows.map(toChange), next: more.rows.length > 0 ? revision : null }
}
