import { domainOf, type Address } from '../address/parse-address.js'
import type { ImportVerdict } from '../directory.js'
import type { DomainName } from '../domain/parse-domain-name.js'
import { accept, refuse, type Outcome, type Refused } from '../outcome.js'
import { strongestState, type State } from '../state.js'
import { planMailbox, type MailboxPlan, type MailboxRefusal, type MailboxRequest, type MailstoreFacts } from './plan-mailbox.js'
import type { Mailbox, PasswordHashes } from './types.js'

export interface ImportFacts {
  /** The customer the import is for; the domains of its rows must be that customer's. */
  readonly customerId: string
  readonly domains: ReadonlyMap<DomainName, { readonly customerId: string; readonly status: State }>
  /** The mailboxes that exist of those named. */
  readonly existing: ReadonlyMap<Address, { readonly mailbox: Mailbox; readonly hashes: PasswordHashes }>
  /** The customer that last had an address, while its quarantine lasts. */
  readonly quarantined: ReadonlyMap<Address, string>
  readonly mailstores: readonly MailstoreFacts[]
}

export interface MailboxUpdate {
  readonly before: Mailbox
  readonly after: Mailbox
  /** null leaves the password as it is. */
  readonly hashes: PasswordHashes | null
}

export interface ImportPlan {
  /** One a row, in the order of the rows. */
  readonly verdicts: readonly ImportVerdict[]
  readonly creates: readonly MailboxPlan[]
  readonly updates: readonly MailboxUpdate[]
}

/**
 * Decides each row of an import as if the rows before it were done: a new mailbox is placed as any other, one that exists is left
 * alone or brought to what the row says. An import moves no mailbox and frees none: another place is refused, and of two states the
 * stronger stays, so that importing last month's file again does not let a suspended mailbox log in.
 */
export function planImport(requests: readonly MailboxRequest[], facts: ImportFacts): ImportPlan {
  const seen = new Set<Address>()
  const mailboxes = new Map(facts.mailstores.map((m) => [m.name, m.mailboxes]))
  const verdicts: ImportVerdict[] = []
  const creates: MailboxPlan[] = []
  const updates: MailboxUpdate[] = []
  for (const request of requests) {
    const { address } = request
    const mailstores = facts.mailstores.map((m) => ({ ...m, mailboxes: mailboxes.get(m.name) ?? 0 }))
    const row = seen.has(address)
      ? refuse('address_in_use', address, 'The import names this address twice.')
      : planRow(request, facts, mailstores)
    seen.add(address)
    if (!row.ok) {
      verdicts.push({ address, verdict: 'refused', code: row.code, detail: row.detail })
    } else if (row.value === null) {
      verdicts.push({ address, verdict: 'unchanged' })
    } else if ('before' in row.value) {
      updates.push(row.value)
      verdicts.push({ address, verdict: 'updated' })
    } else {
      creates.push(row.value)
      mailboxes.set(row.value.mailstore, (mailboxes.get(row.value.mailstore) ?? 0) + 1)
      verdicts.push({ address, verdict: 'created' })
    }
  }
  return { verdicts, creates, updates }
}

/** null: the mailbox is as the row says. */
function planRow(
  request: MailboxRequest,
  facts: ImportFacts,
  mailstores: readonly MailstoreFacts[],
): Outcome<MailboxPlan | MailboxUpdate | null, MailboxRefusal> {
  const { address } = request
  const domain = facts.domains.get(domainOf(address)) ?? null
  if (domain && domain.customerId !== facts.customerId)
    return refuse('domain_not_found', domainOf(address), 'The domain is of another customer.')
  const existing = facts.existing.get(address)
  if (existing) return planUpdate(request, existing.mailbox, existing.hashes)
  return planMailbox(request, { domain, addressInUse: false, quarantinedFor: facts.quarantined.get(address) ?? null, mailstores })
}

function planUpdate(request: MailboxRequest, mailbox: Mailbox, hashes: PasswordHashes): Outcome<MailboxUpdate | null, MailboxRefusal> {
  const elsewhere = refuseOtherPlace(request, mailbox)
  if (elsewhere) return elsewhere
  const state = strongestState(mailbox.state, request.state)
  const after: Mailbox = {
    ...mailbox,
    uid: request.uid ?? mailbox.uid,
    gid: request.gid ?? mailbox.gid,
    quotaBytes: request.quotaBytes,
    quotaMessages: request.quotaMessages,
    services: request.services,
    name: request.name,
    state,
  }
  const newHashes = isNew(request.hashes, hashes) ? request.hashes : null
  const fields = ['uid', 'gid', 'quotaBytes', 'quotaMessages', 'name', 'state'] as const
  const same = fields.every((field) => after[field] === mailbox[field]) && sameSet(after.services, mailbox.services)
  return accept(same && newHashes === null ? null : { before: mailbox, after, hashes: newHashes })
}

function refuseOtherPlace({ address, mailstore, home, maildir }: MailboxRequest, mailbox: Mailbox): Refused<'address_in_use'> | null {
  const stays =
    (mailstore ?? mailbox.mailstore) === mailbox.mailstore &&
    (home ?? mailbox.home) === mailbox.home &&
    (maildir ?? mailbox.maildir) === mailbox.maildir
  if (stays) return null
  return refuse(
    'address_in_use',
    address,
    `The mailbox exists on ${mailbox.mailstore}, Maildir ${mailbox.maildir}; only a move changes that.`,
  )
}

/** A row without a hash leaves the password alone; one with the hash that is kept already changes nothing either. */
function isNew(given: PasswordHashes, kept: PasswordHashes): boolean {
  return (given.argon2id !== null && given.argon2id !== kept.argon2id) || (given.crypt !== null && given.crypt !== kept.crypt)
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item))
}

/** Takes back what would put two mailboxes into one home. `taken` tells of homes in use by a mailbox that is not in the plan. */
export function refuseTakenHomes(plan: ImportPlan, taken: (mailstore: string, homePath: string) => boolean): ImportPlan {
  const homes = new Set<string>()
  const refused = new Set<Address>()
  for (const { address, mailstore, homePath } of plan.creates) {
    const home = `${mailstore}:${homePath}`
    if (homes.has(home) || taken(mailstore, homePath)) refused.add(address)
    homes.add(home)
  }
  if (refused.size === 0) return plan
  const detail = 'Another mailbox of this mailstore has this home.'
  const verdicts = plan.verdicts.map((v) =>
    refused.has(v.address) ? { address: v.address, verdict: 'refused' as const, code: 'path_in_use' as const, detail } : v,
  )
  return { ...plan, verdicts, creates: plan.creates.filter((create) => !refused.has(create.address)) }
}
