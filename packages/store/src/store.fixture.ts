import type { Actor, Address, DomainName, MailboxRequest, MailstoreRequest, Outcome } from '@muster/domain'
import { openStore, type Store } from './open-store.js'

/* What the store's tests have in common: an actor, short ways to ask, and a small site. */

export const actor: Actor = { keyId: 'k3yd0fb1ll1n', role: 'admin', requestId: 'req-1' }

export const CUSTOMER = 'C-1001'
export const DOMAIN = 'example.net' as DomainName

export const domain = (name: string) => name as DomainName
export const address = (text: string) => text as Address

export function request(text: string, more: Partial<MailboxRequest> = {}): MailboxRequest {
  const usual = { quotaBytes: null, quotaMessages: null, services: ['imap', 'pop3', 'smtp'], name: null, state: 'active' } as const
  return { address: address(text), hashes: { argon2id: '$argon2id$a', crypt: '$2b$a' }, ...usual, ...more }
}

export function mailstore(name: string, more: Partial<MailstoreRequest> = {}): MailstoreRequest & { name: string } {
  return { name, host: `${name}.example`, port: null, root: `/${name}`, uid: 5000, gid: 5000, state: 'open', ...more }
}

/** The value of an outcome that the test needs to go on. */
export function must<T>(outcome: Outcome<T, string>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code} ${outcome.subject} ${outcome.detail}`)
  return outcome.value
}

/** One customer, one domain, two mailstores. */
export async function openSite(databaseUrl: string, more: { quarantineDays?: number; maxConnections?: number } = {}): Promise<Store> {
  const store = await openStore({ databaseUrl, ...more })
  must(await store.directory.putCustomer({ customerId: CUSTOMER, name: 'Example Ltd' }, actor))
  must(await store.directory.putDomain({ domain: DOMAIN, customerId: CUSTOMER }, actor))
  for (const name of ['ms1', 'ms2']) must(await store.directory.putMailstore(mailstore(name), actor))
  return store
}
