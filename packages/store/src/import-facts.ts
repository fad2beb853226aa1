import {
  domainOf,
  type Address,
  type DomainName,
  type ImportFacts,
  type ImportItem,
  type ImportPlan,
  type Mailbox,
  type State,
} from '@muster/domain'
import type { PoolClient } from 'pg'
import { SHARED_GATE } from './gate.js'
import { sortServices } from './rows.js'

/** Takes the customer's gate, then holds the customer as it is; null when there is none. */
export async function lockCustomer(client: PoolClient, customerId: string): Promise<{ state: State } | null> {
  await client.query(`select ${SHARED_GATE} from customer where customer_id = $1`, [customerId])
  const { rows } = await client.query<{ state: State }>('select state from customer where customer_id = $1 for share', [customerId])
  return rows[0] ?? null
}

/** Reads all the plan asks for: five statements, with the domains and the mailboxes that exist locked. */
export async function loadImportFacts(
  client: PoolClient,
  items: readonly ImportItem[],
  customer: { readonly customerId: string; readonly state: State },
  counts: ReadonlyMap<string, number>,
): Promise<ImportFacts> {
  const addresses = items.map((item) => item.request.address)
  return {
    customerId: customer.customerId,
    domains: await lockDomains(client, addresses, customer.state),
    existing: await lockExisting(client, addresses),
    quarantined: await loadQuarantined(client, addresses),
    mailstores: await loadMailstores(client, counts),
  }
}

async function lockDomains(client: PoolClient, addresses: readonly Address[], customerState: State): Promise<ImportFacts['domains']> {
  const { rows } = await client.query<{ domain: DomainName; customer_id: string; status: State }>(
    'select domain, customer_id, greatest(state, $2::state) as status from domain where domain = any ($1) order by domain for share',
    [[...new Set(addresses.map(domainOf))], customerState],
  )
  return new Map(rows.map((row) => [row.domain, { customerId: row.customer_id, status: row.status }]))
}

type ExistingRow = Mailbox & { readonly argon2id: string | null; readonly crypt: string | null }

const EXISTING = `select v.mailbox_id as "mailboxId", v.address, v.customer_id as "customerId", v.domain, v.mailstore, v.home, v.maildir,
    v.uid, v.gid, v.quota_bytes as "quotaBytes", v.quota_messages as "quotaMessages", v.services, v.name,
    v.has_password as "hasPassword", v.state, v.status, v.created_at as "createdAt", v.updated_at as "updatedAt", v.revision,
    p.argon2id, p.crypt
  from mailbox_view v left join mailbox_password p using (mailbox_id)
  where v.address = any ($1)`

/** With their hashes, to tell a new password from the one that is kept. */
async function lockExisting(client: PoolClient, addresses: readonly Address[]): Promise<ImportFacts['existing']> {
  const locked = await client.query('select 1 from mailbox where address = any ($1) order by address for no key update', [addresses])
  if (locked.rows.length === 0) return new Map()
  const { rows } = await client.query<ExistingRow>(EXISTING, [addresses])
  return new Map(
    rows.map(({ argon2id, crypt, ...row }) => {
      const mailbox: Mailbox = { ...row, services: sortServices(row.services) }
      return [row.address, { mailbox, hashes: { argon2id, crypt } }]
    }),
  )
}

async function loadQuarantined(client: PoolClient, addresses: readonly Address[]): Promise<ImportFacts['quarantined']> {
  const { rows } = await client.query<{ key: Address; customer_id: string }>(
    `select key, customer_id from tombstone where kind = 'mailbox' and key = any ($1) and until > now()`,
    [addresses],
  )
  return new Map(rows.map((row) => [row.key, row.customer_id]))
}

async function loadMailstores(client: PoolClient, counts: ReadonlyMap<string, number>): Promise<ImportFacts['mailstores']> {
  const { rows } = await client.query<Omit<ImportFacts['mailstores'][number], 'mailboxes'>>(
    'select name, root, uid, gid, state from mailstore',
  )
  return rows.map((row) => ({ ...row, mailboxes: counts.get(row.name) ?? 0 }))
}

/** Which homes of the mailboxes to be made are in use already. */
export async function loadTakenHomes(client: PoolClient, plan: ImportPlan): Promise<(mailstore: string, homePath: string) => boolean> {
  const { rows } = await client.query<{ mailstore: string; home_path: string }>(
    'select mailstore, home_path from mailbox join unnest($1::text[], $2::text[]) as wanted (mailstore, home_path) using (mailstore, home_path)',
    [plan.creates.map((create) => create.mailstore), plan.creates.map((create) => create.homePath)],
  )
  const taken = new Set(rows.map((row) => `${row.mailstore}:${row.home_path}`))
  return (mailstore, homePath) => taken.has(`${mailstore}:${homePath}`)
}
