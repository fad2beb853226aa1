import {
  accept,
  domainOf,
  planImport,
  refuse,
  refuseTakenHomes,
  type Actor,
  type Directory,
  type ImportFacts,
  type ImportItem,
  type ImportOutcome,
  type ImportPlan,
  type Mailbox,
  type MailboxPlan,
  type MailboxUpdate,
  type Outcome,
  type PasswordHashes,
} from '@muster/domain'
import type { PoolClient } from 'pg'
import { commit, draftOf } from './create-mailbox.js'
import type { Database } from './database.js'
import { loadImportFacts, loadTakenHomes, lockCustomer } from './import-facts.js'
import { pictureOf } from './mailbox-picture.js'
import { sortServices } from './rows.js'
import { retryRaces } from './sql-state.js'
import { differenceOf } from './write.js'

interface ImportOptions {
  readonly dryRun: boolean
  readonly customerId: string
}

const MOST_ROWS = 1_000

/** Mailboxes by the thousand: some ten statements a call, whatever the number of rows; all of it, or nothing. */
export function makeImportMailboxes(database: Database): Pick<Directory, 'importMailboxes'> {
  return {
    async importMailboxes(items, options, actor) {
      if (items.length > MOST_ROWS) throw new RangeError(`an import takes at most ${MOST_ROWS} rows a call, not ${items.length}`)
      const counts = await database.counts.read()
      // Lost to somebody else's mailbox of one of these addresses or homes? At the next look it is there, and is compared or refused.
      const done = await retryRaces(() => importOnce(database, items, options, actor, counts))
      if (!done.ok) return done
      const { plan, outcome } = done.value
      if (outcome.applied) for (const create of plan.creates) database.counts.add(create.mailstore, 1)
      return accept(outcome)
    },
  }
}

async function importOnce(
  database: Database,
  items: readonly ImportItem[],
  { dryRun, customerId }: ImportOptions,
  actor: Actor,
  counts: ReadonlyMap<string, number>,
): Promise<Outcome<{ plan: ImportPlan; outcome: ImportOutcome }, 'customer_not_found'>> {
  const client = await database.pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin isolation level read committed')
    const customer = await lockCustomer(client, customerId)
    if (!customer) return refuse('customer_not_found', customerId, 'Put the customer first: PUT /v1/customers/{customerId}.')
    const facts = await loadImportFacts(client, items, { customerId, state: customer.state }, counts)
    const placed = planImport(
      items.map((item) => item.request),
      facts,
    )
    const plan = refuseTakenHomes(placed, await loadTakenHomes(client, placed))
    const { verdicts } = plan
    const refused = verdicts.some((verdict) => verdict.verdict === 'refused')
    // A dry run writes as well, up to the commit: what the database itself would refuse shows in both alike.
    const changeSet = refused ? null : await save(client, plan, facts, actor)
    const applied = !refused && !dryRun
    const revision = applied && changeSet !== null ? await commit(client, changeSet) : null
    return accept({ plan, outcome: { verdicts, revision, applied } })
  } finally {
    await client.query('rollback').catch((error: Error) => (broken = error)) // after a commit there is nothing to roll back
    client.release(broken)
  }
}

/** Writes and logs what the plan says; the change set, or null when it says nothing. */
async function save(client: PoolClient, plan: ImportPlan, facts: ImportFacts, actor: Actor): Promise<number | null> {
  const rows = [...plan.creates.map((create) => createdRow(create, facts)), ...plan.updates.map(updatedRow)]
  if (rows.length === 0) return null
  const input = JSON.stringify(rows)
  const { rows: logged } = await client.query<{ change_set: number }>(LOG, [input, facts.customerId, actor.keyId, actor.requestId])
  const changeSet = (logged[0] as { change_set: number }).change_set
  if (plan.creates.length > 0) await client.query(CREATE, [input, facts.customerId, changeSet])
  if (plan.updates.length > 0) await client.query(UPDATE, [input, changeSet])
  await client.query(SAVE_PASSWORDS, [input])
  return changeSet
}

interface InputRow extends Pick<
  Mailbox,
  'mailboxId' | 'address' | 'domain' | 'mailstore' | 'uid' | 'gid' | 'quotaBytes' | 'quotaMessages' | 'services' | 'name' | 'state'
> {
  readonly action: 'create' | 'update'
  readonly homePath: string | null
  readonly maildirPath: string | null
  readonly hashes: PasswordHashes | null
  readonly before: object | null
  readonly after: object
}

function createdRow(create: MailboxPlan, facts: ImportFacts): InputRow {
  const domain = facts.domains.get(domainOf(create.address)) ?? null
  const mailbox = draftOf(create, { domain, mailstores: facts.mailstores })
  const { homePath, maildirPath, hashes } = create
  return { ...mailbox, action: 'create', homePath, maildirPath, hashes, before: null, after: pictureOf(mailbox) }
}

function updatedRow({ before, after, hashes }: MailboxUpdate): InputRow {
  const mailbox = { ...after, services: sortServices(after.services) }
  const difference = differenceOf(pictureOf(before), pictureOf(mailbox))
  const changed = { ...difference?.after, ...(hashes && { password: 'changed' }) }
  return { ...mailbox, action: 'update', homePath: null, maildirPath: null, hashes, before: { ...difference?.before }, after: changed }
}

/** One JSON array is one parameter, whatever the number of rows. */
const INPUT = `jsonb_to_recordset($1::jsonb) as i ("mailboxId" uuid, address text, domain text, mailstore text, uid integer, gid integer,
  "quotaBytes" bigint, "quotaMessages" bigint, services text[], name text, state state, action change_action, "homePath" text,
  "maildirPath" text, hashes jsonb, before jsonb, after jsonb)`

/** In order of address, like every write of several mailboxes: two imports that overlap wait, and do not deadlock. */
const LOG = `insert into change_log (kind, key, action, mailstore, customer_id, actor, request_id, before, after)
  select 'mailbox', address, action, case action when 'update' then mailstore end, $2, $3, $4, before, after
  from ${INPUT} order by address
  returning change_set`

const CREATE = `insert into mailbox (mailbox_id, address, domain, customer_id, mailstore, home_path, maildir_path, uid, gid, quota_bytes,
    quota_messages, services, name, state, change_set)
  select "mailboxId", address, domain, $2, mailstore, "homePath", "maildirPath", uid, gid, "quotaBytes", "quotaMessages", services, name,
    state, $3
  from ${INPUT} where action = 'create' order by address`

const UPDATE = `update mailbox m set uid = i.uid, gid = i.gid, quota_bytes = i."quotaBytes", quota_messages = i."quotaMessages",
    services = i.services, name = i.name, state = i.state, change_set = $2
  from ${INPUT} where i.action = 'update' and m.address = i.address`

const SAVE_PASSWORDS = `insert into mailbox_password (mailbox_id, argon2id, crypt)
  select "mailboxId", hashes->>'argon2id', hashes->>'crypt' from ${INPUT}
  where hashes->>'argon2id' is not null or hashes->>'crypt' is not null
  on conflict (mailbox_id) do update set argon2id = excluded.argon2id, crypt = excluded.crypt`
