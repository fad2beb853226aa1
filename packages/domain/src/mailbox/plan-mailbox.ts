import { domainOf, type Address } from '../address/parse-address.js'
import type { MailstoreState } from '../mailstore/types.js'
import { accept, refuse, type Outcome } from '../outcome.js'
import type { State } from '../state.js'
import { DEFAULT_MAILDIR, pathBelow, planHomePath } from './plan-home.js'
import type { PasswordHashes, Service } from './types.js'

/** A mailbox as asked for, every field already parsed. Undefined leaves the choice to the plan. */
export interface MailboxRequest {
  readonly address: Address
  readonly hashes: PasswordHashes
  readonly mailstore?: string | undefined
  readonly home?: string | undefined
  readonly maildir?: string | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly quotaBytes: number | null
  readonly quotaMessages: number | null
  readonly services: readonly Service[]
  readonly name: string | null
  readonly state: State
}

export interface MailstoreFacts {
  readonly name: string
  readonly root: string
  readonly uid: number
  readonly gid: number
  readonly state: MailstoreState
  readonly mailboxes: number
}

export interface MailboxFacts {
  /** null when the domain is not in the directory. */
  readonly domain: { readonly customerId: string; readonly status: State } | null
  readonly addressInUse: boolean
  /** The customer that last had the address, while its quarantine lasts. */
  readonly quarantinedFor: string | null
  readonly mailstores: readonly MailstoreFacts[]
}

export interface MailboxPlan {
  readonly address: Address
  readonly customerId: string
  readonly mailstore: string
  /** Below the mailstore's root. */
  readonly homePath: string
  /** Below the home; empty when the home itself is the Maildir. */
  readonly maildirPath: string
  readonly uid: number
  readonly gid: number
  readonly quotaBytes: number | null
  readonly quotaMessages: number | null
  readonly services: readonly Service[]
  readonly name: string | null
  readonly state: State
  readonly hashes: PasswordHashes
}

export const MAILBOX_REFUSALS = [
  'domain_not_found',
  'domain_closed',
  'address_in_use',
  'address_quarantined',
  'mailstore_not_found',
  'mailstore_not_open',
  'no_mailstore_capacity',
  'path_outside_root',
  'path_in_use',
] as const
export type MailboxRefusal = (typeof MAILBOX_REFUSALS)[number]

/**
 * Decides whether a mailbox may exist and which mailstore holds it. Without a wish the open mailstore with the fewest mailboxes
 * takes it; ties go to the lower name, so a retry gets the same answer.
 */
export function planMailbox(request: MailboxRequest, facts: MailboxFacts): Outcome<MailboxPlan, MailboxRefusal> {
  const { address } = request
  if (facts.domain === null) return refuse('domain_not_found', domainOf(address), 'Put the domain first: PUT /v1/domains/{domain}.')
  if (facts.domain.status === 'closed') return refuse('domain_closed', domainOf(address), 'The domain or its customer is closed.')
  if (facts.addressInUse) return refuse('address_in_use', address, 'A mailbox has this address.')
  if (facts.quarantinedFor !== null && facts.quarantinedFor !== facts.domain.customerId) {
    return refuse('address_quarantined', address, 'It belonged to another customer until lately; its quarantine has not ended.')
  }
  const store = chooseMailstore(request, facts.mailstores)
  if (!store.ok) return store
  const home = request.home ?? `${store.value.root}/${planHomePath(address)}`
  const homePath = pathBelow(store.value.root, home)
  if (homePath === null)
    return refuse('path_outside_root', home, `The home must lie below ${store.value.root}, the root of ${store.value.name}.`)
  const maildirPath = request.maildir === undefined ? DEFAULT_MAILDIR : request.maildir === home ? '' : pathBelow(home, request.maildir)
  if (maildirPath === null)
    return refuse('path_outside_root', request.maildir ?? '', `The Maildir must be the home, ${home}, or lie below it.`)
  return accept({
    address,
    customerId: facts.domain.customerId,
    mailstore: store.value.name,
    homePath,
    maildirPath,
    uid: request.uid ?? store.value.uid,
    gid: request.gid ?? store.value.gid,
    quotaBytes: request.quotaBytes,
    quotaMessages: request.quotaMessages,
    services: request.services,
    name: request.name,
    state: request.state,
    hashes: request.hashes,
  })
}

/** A mailstore named by the caller must exist and be open, and so must the one whose root an explicit home lies below. */
function chooseMailstore(request: MailboxRequest, mailstores: readonly MailstoreFacts[]): Outcome<MailstoreFacts, MailboxRefusal> {
  if (request.mailstore !== undefined) {
    const named = mailstores.find((m) => m.name === request.mailstore)
    if (!named) return refuse('mailstore_not_found', request.mailstore, 'Put the mailstore first: PUT /v1/mailstores/{name}.')
    if (named.state !== 'open') return refuse('mailstore_not_open', named.name, `It is ${named.state} and takes no new mailbox.`)
    return accept(named)
  }
  const { home } = request
  const open = mailstores.filter((m) => m.state === 'open' && (home === undefined || pathBelow(m.root, home) !== null))
  // Roots may lie in one another: a home belongs to the innermost above it.
  const innermost = home === undefined ? 0 : Math.max(...open.map((m) => m.root.length))
  const fitting = open.filter((m) => home === undefined || m.root.length === innermost)
  const best = fitting.sort((a, b) => a.mailboxes - b.mailboxes || (a.name < b.name ? -1 : 1))[0]
  if (!best) {
    const why = home === undefined ? 'No mailstore is open; put one or open one.' : `No open mailstore has a root above ${home}.`
    return refuse('no_mailstore_capacity', request.address, why)
  }
  return accept(best)
}
