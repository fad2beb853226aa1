import type { Address, Cursor, Host, Service } from '@muster/domain'
import type { MailboxRow } from '@muster/maps'
import type { Pool, PoolClient } from 'pg'
import type { Database } from './database.js'
import type { Feed, FeedChanges, FeedSnapshot } from './feed.js'
import { readHead, SHOWN_IN_MAPS } from './history.js'
import { sortServices } from './rows.js'

const PAGE_ROWS = 5_000
/** Between two pages the publisher renders and writes files, maybe on a slow disk; past this its snapshot is ended. */
const SNAPSHOT_IDLE = '10min'

export function makeFeed(database: Database): Feed {
  return {
    readHead: () => readHead(database),
    withSnapshot: (use) => withSnapshot(database.pool, use),
  }
}

async function withSnapshot<T>(pool: Pool, use: (snapshot: FeedSnapshot) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(
      `begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = '${SNAPSHOT_IDLE}'`,
    )
    return await use(snapshotOf(client, await headOf(client)))
  } finally {
    await client.query('rollback').catch((error: Error) => (broken = error)) // nothing was written; and it closes every cursor
    client.release(broken)
  }
}

/** The first statement: from here on, everything is read as of this head. */
async function headOf(client: PoolClient): Promise<Cursor> {
  const { rows } = await client.query<Cursor>('select lineage, revision, nonce from directory_head')
  if (!rows[0]) throw new Error('directory_head has no row')
  return rows[0]
}

function snapshotOf(client: PoolClient, head: Cursor): FeedSnapshot {
  return {
    head,
    async holds({ lineage, revision, nonce }) {
      const { rows } = await client.query(`select 1 from revision where revision = $1 and lineage = $2 and nonce = $3`, [
        revision,
        lineage,
        nonce,
      ])
      return rows.length > 0
    },
    changesSince: (revision, limit) => changesSince(client, revision, limit),
    async mailboxRows(addresses) {
      const { rows } = await client.query<FeedRow>(`${ROWS} where m.address = any ($1)`, [addresses])
      return rows.map(toMailboxRow)
    },
    allMailboxRows: (mailstore = null) => allMailboxRows(client, mailstore),
    async mailstoreNames() {
      const { rows } = await client.query<{ name: string }>('select name from mailstore order by name')
      return rows.map((row) => row.name)
    },
    async hosts() {
      const { rows } = await client.query<Pick<Host, 'name' | 'roles' | 'mailstores'>>(
        'select name, roles, mailstores from host order by name',
      )
      return rows
    },
  }
}

interface ChangedRow {
  readonly kind: 'mailbox' | 'mailstore'
  readonly key: string
  readonly mailstore: string | null
}

/** The log in commit order. Only what maps are made of: mailboxes, and mailstores changed in a way that shows. */
async function changesSince(client: PoolClient, revision: number, limit: number): Promise<FeedChanges | null> {
  const { rows } = await client.query<ChangedRow>(
    `select c.kind, c.key, c.mailstore
     from revision r join change_log c using (change_set)
     where r.revision > $1 and (c.kind = 'mailbox' or c.kind = 'mailstore' and ${SHOWN_IN_MAPS})
     order by r.revision, c.id limit $2`,
    [revision, limit + 1],
  )
  if (rows.length > limit) return null
  const mailboxes = new Map<Address, string[]>()
  const mailstores = new Set<string>()
  for (const { kind, key, mailstore } of rows) {
    if (kind === 'mailstore') mailstores.add(key)
    else mailboxes.set(key as Address, withMailstore(mailboxes.get(key as Address) ?? [], mailstore))
  }
  return { mailboxes, mailstores: [...mailstores].sort(), rows: rows.length }
}

function withMailstore(before: string[], mailstore: string | null): string[] {
  return mailstore === null || before.includes(mailstore) ? before : [...before, mailstore]
}

/** Each snapshot may stream several times over; a cursor's name is its own within the session. */
let cursors = 0

async function* allMailboxRows(client: PoolClient, mailstore: string | null): AsyncGenerator<MailboxRow[]> {
  const cursor = `muster_rows_${(cursors += 1)}`
  const where = mailstore === null ? '' : 'where m.mailstore = $1'
  // All rows will be fetched: the plan that is best for the whole, a scan included, not the one with the quickest first row.
  await client.query('set local cursor_tuple_fraction = 1; set local enable_seqscan = on')
  await client.query(`declare ${cursor} no scroll cursor for ${ROWS} ${where}`, mailstore === null ? [] : [mailstore])
  try {
    for (;;) {
      const { rows } = await client.query<FeedRow>(`fetch forward ${PAGE_ROWS} from ${cursor}`)
      if (rows.length > 0) yield rows.map(toMailboxRow)
      if (rows.length < PAGE_ROWS) return
    }
  } finally {
    await client.query(`close ${cursor}`)
  }
}

interface FeedRow extends Omit<MailboxRow, 'services'> {
  readonly services: readonly Service[]
}

/** The one read that carries hashes: what goes into maps with secrets. */
const ROWS = `select m.mailbox_id as "mailboxId", m.address, m.mailstore, s.host as "mailstoreHost", s.port as "mailstorePort",
    s.root || '/' || m.home_path as home,
    s.root || '/' || m.home_path || case m.maildir_path when '' then '' else '/' || m.maildir_path end as maildir,
    m.uid, m.gid, m.quota_bytes as "quotaBytes", m.quota_messages as "quotaMessages", m.services, m.name,
    greatest(m.state, d.state, c.state) as status, p.argon2id, p.crypt
  from mailbox m
    join domain d using (domain)
    join customer c on c.customer_id = m.customer_id
    join mailstore s on s.name = m.mailstore
    left join mailbox_password p using (mailbox_id)`

function toMailboxRow(row: FeedRow): MailboxRow {
  return { ...row, services: sortServices(row.services) }
}
