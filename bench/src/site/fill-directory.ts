import { Client } from 'pg'
import type { MailboxRow } from '@muster/maps'
import type { Site } from './site.js'

const PAGE = 5_000

/**
 * Puts a site's customers, domains and mailstores, and its first `mailboxes` mailboxes, into a migrated, empty directory: in SQL, with a
 * log row each, because through the API it would take longer than what is measured. Ends with VACUUM and ANALYZE, as a site that has
 * run for a while.
 */
export async function fillDirectory(databaseUrl: string, site: Site, mailboxes: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await fillOwners(client, site)
    const customerOf = new Map(site.domains.map((d) => [d.domain, d.customerId]))
    for (let from = 0; from < mailboxes; from += PAGE) {
      const rows = Array.from({ length: Math.min(PAGE, mailboxes - from) }, (_, n) => site.mailbox(from + n))
      await client.query(FILL_MAILBOXES, [JSON.stringify(rows.map((row) => ({ ...row, ...ownersOf(row, customerOf) })))])
    }
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

async function fillOwners(client: Client, site: Site): Promise<void> {
  const customers = [...new Set(site.domains.map((d) => d.customerId))]
  await client.query(FILL_CUSTOMERS, [JSON.stringify(customers.map((id) => ({ id, name: `Customer ${id}` })))])
  await client.query(FILL_DOMAINS, [JSON.stringify(site.domains)])
  await client.query(FILL_MAILSTORES, [JSON.stringify(site.mailstores)])
}

/** What the mailbox's row holds in other forms than a map's. */
function ownersOf(row: MailboxRow, customerOf: ReadonlyMap<string, string>) {
  const domain = row.address.slice(row.address.lastIndexOf('@') + 1)
  return { domain, customerId: customerOf.get(domain), homePath: row.home.split('/').slice(2).join('/') }
}

/** Takes rows as JSON and logs one change for each; `one` is the change set they all carry. */
function logEach(kind: string, columns: string, key: string, customer: string): string {
  return `with given as materialized (select * from json_to_recordset($1) as g(${columns})), logged as (
    insert into change_log (kind, key, action, customer_id, actor, request_id, after)
    select '${kind}', ${key}, 'create', ${customer}, 'k3yd0fb1ll1n', 'fill', '{}' from given returning change_set
  ), one as (select min(change_set) as change_set from logged)`
}

const FILL_CUSTOMERS = `${logEach('customer', 'id text, name text', 'id', 'id')}
  insert into customer (customer_id, name, change_set) select id, name, change_set from given, one`

const FILL_DOMAINS = `${logEach('domain', 'domain text, "customerId" text', 'domain', '"customerId"')}
  insert into domain (domain, customer_id, change_set) select domain, "customerId", change_set from given, one`

const FILL_MAILSTORES = `${logEach('mailstore', 'name text, host text, port integer, root text', 'name', 'null')}
  insert into mailstore (name, host, port, root, uid, gid, change_set) select name, host, port, root, 5000, 5000, change_set from given, one`

const MAILBOX_COLUMNS = `"mailboxId" uuid, address text, domain text, "customerId" text, mailstore text, "homePath" text, uid integer,
  gid integer, "quotaBytes" bigint, "quotaMessages" bigint, services text[], name text, status state, argon2id text, crypt text`

/** The password's row names its mailbox's, which this very statement makes: foreign keys are looked at when it ends. */
const FILL_MAILBOXES = `${logEach('mailbox', MAILBOX_COLUMNS, 'address', '"customerId"')}, made as (
    insert into mailbox (mailbox_id, address, domain, customer_id, mailstore, home_path, maildir_path, uid, gid, quota_bytes,
      quota_messages, services, name, state, change_set)
    select "mailboxId", address, domain, "customerId", mailstore, "homePath", 'Maildir', uid, gid, "quotaBytes",
      "quotaMessages", services, name, status, change_set from given, one
  )
  insert into mailbox_password (mailbox_id, argon2id, crypt) select "mailboxId", argon2id, crypt from given`
