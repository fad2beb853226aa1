import type {
  AgentReport,
  AgentReportsSaved,
  ChangePage,
  CreateKey,
  CreateMailbox,
  Customer,
  CustomerPage,
  CustomerStateChanged,
  Deleted,
  Domain,
  DomainPage,
  DomainStateChanged,
  Host,
  HostDetail,
  HostMaps,
  HostPage,
  ImportAnswer,
  ImportMailboxes,
  KeyPage,
  KeyWithSecret,
  Mailbox,
  MailboxPage,
  MailboxStateChanged,
  Mailstore,
  MailstorePage,
  PatchCustomer,
  PatchHost,
  PatchMailbox,
  PatchMailstore,
  PutCustomer,
  PutDomain,
  PutHost,
  PutMailstore,
  Readiness,
  Revision,
} from '@muster/contract'
import { ApiError } from './errors.js'
import { urlPath, type Http } from './http.js'

export interface PageOptions {
  /** 1 to 1,000. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
}

type State = Mailbox['state']

// A thousand rows are locked, compared and written in one transaction.
const IMPORT_TIMEOUT_MS = 120_000

/** The operations of the API, one method each, named as its operations are. */
export function createDirectoryClient(http: Http) {
  return {
    customers: {
      put: (customerId: string, body: PutCustomer) => http.json<Customer>('PUT', urlPath`/v1/customers/${customerId}`, { body }),
      get: (customerId: string) => orNull(http.json<Customer>('GET', urlPath`/v1/customers/${customerId}`), 'customer_not_found'),
      list: (query?: PageOptions & { state?: State }) => http.json<CustomerPage>('GET', '/v1/customers', { query }),
      patch: (customerId: string, body: PatchCustomer) => http.json<Customer>('PATCH', urlPath`/v1/customers/${customerId}`, { body }),
      delete: (customerId: string) => http.json<Deleted>('DELETE', urlPath`/v1/customers/${customerId}`),
      ...stateChanges<CustomerStateChanged>(http, '/v1/customers'),
    },
    domains: {
      put: (domain: string, body: PutDomain) => http.json<Domain>('PUT', urlPath`/v1/domains/${domain}`, { body }),
      get: (domain: string) => orNull(http.json<Domain>('GET', urlPath`/v1/domains/${domain}`), 'domain_not_found'),
      list: (query?: PageOptions & { customerId?: string; state?: State }) => http.json<DomainPage>('GET', '/v1/domains', { query }),
      delete: (domain: string) => http.json<Deleted>('DELETE', urlPath`/v1/domains/${domain}`),
      ...stateChanges<DomainStateChanged>(http, '/v1/domains'),
    },
    mailboxes: {
      create: (body: CreateMailbox) => http.json<Mailbox>('POST', '/v1/mailboxes', { body }),
      get: (address: string) => orNull(http.json<Mailbox>('GET', urlPath`/v1/mailboxes/${address}`), 'mailbox_not_found'),
      list: (query?: PageOptions & { domain?: string; customerId?: string; mailstore?: string; state?: State }) =>
        http.json<MailboxPage>('GET', '/v1/mailboxes', { query }),
      patch: (address: string, body: PatchMailbox) => http.json<Mailbox>('PATCH', urlPath`/v1/mailboxes/${address}`, { body }),
      delete: (address: string) => http.json<Deleted>('DELETE', urlPath`/v1/mailboxes/${address}`),
      ...stateChanges<MailboxStateChanged>(http, '/v1/mailboxes'),
    },
    mailstores: {
      put: (name: string, body: PutMailstore) => http.json<Mailstore>('PUT', urlPath`/v1/mailstores/${name}`, { body }),
      get: (name: string) => orNull(http.json<Mailstore>('GET', urlPath`/v1/mailstores/${name}`), 'mailstore_not_found'),
      list: (query?: PageOptions) => http.json<MailstorePage>('GET', '/v1/mailstores', { query }),
      patch: (name: string, body: PatchMailstore) => http.json<Mailstore>('PATCH', urlPath`/v1/mailstores/${name}`, { body }),
      delete: (name: string) => http.json<Deleted>('DELETE', urlPath`/v1/mailstores/${name}`),
    },
    hosts: {
      put: (name: string, body: PutHost) => http.json<Host>('PUT', urlPath`/v1/hosts/${name}`, { body }),
      get: (name: string) => orNull(http.json<HostDetail>('GET', urlPath`/v1/hosts/${name}`), 'host_not_found'),
      list: (query?: PageOptions) => http.json<HostPage>('GET', '/v1/hosts', { query }),
      patch: (name: string, body: PatchHost) => http.json<Host>('PATCH', urlPath`/v1/hosts/${name}`, { body }),
      delete: (name: string) => http.json<Deleted>('DELETE', urlPath`/v1/hosts/${name}`),
      /** The maps that the host may read. With the key of that host, too, which reads nothing else of it. */
      maps: (name: string) => orNull(http.json<HostMaps>('GET', urlPath`/v1/hosts/${name}/maps`), 'host_not_found'),
      /** With the key of that host. */
      report: (name: string, reports: readonly AgentReport[]) =>
        http.json<AgentReportsSaved>('POST', urlPath`/v1/hosts/${name}/reports`, { body: { reports } }),
    },
    keys: {
      create: (body: CreateKey) => http.json<KeyWithSecret>('POST', '/v1/keys', { body }),
      list: (query?: PageOptions) => http.json<KeyPage>('GET', '/v1/keys', { query }),
      delete: (keyId: string) => http.json<Deleted>('DELETE', urlPath`/v1/keys/${keyId}`),
    },
    imports: {
      /** At most 1,000 items, all of them or none. A refused item is an answer (`applied: false`), not an error. */
      run: (body: ImportMailboxes) => http.json<ImportAnswer>('POST', '/v1/imports', { body, timeoutMs: IMPORT_TIMEOUT_MS }),
    },
    revisions: {
      /** `wait` in seconds, at most 60: answers when every host it concerns has the revision, or when the time is over. */
      get: (revision: number, query: { wait?: number; level?: 'applied' | 'effective' } = {}) =>
        http.json<Revision>('GET', urlPath`/v1/revisions/${revision}`, { query, timeoutMs: ((query.wait ?? 0) + 30) * 1000 }),
    },
    changes: {
      list: (query?: { after?: number; limit?: number }) => http.json<ChangePage>('GET', '/v1/changes', { query }),
    },
    readiness: () => http.json<Readiness>('GET', '/readyz'),
  }
}

export type DirectoryClient = ReturnType<typeof createDirectoryClient>

function stateChanges<T>(http: Http, collection: string) {
  const post = (name: string, change: string) => http.json<T>('POST', `${collection}${urlPath`/${name}/${change}`}`)
  return {
    suspend: (name: string) => post(name, 'suspend'),
    resume: (name: string) => post(name, 'resume'),
    close: (name: string) => post(name, 'close'),
  }
}

/** A thing that is not there is an answer; a 404 that says anything else (a wrong base URL) stays an error. */
async function orNull<T>(answer: Promise<T>, code: string): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiError && error.code === code) return null
    throw error
  }
}

/** Every item of a list, page after page, in the order of its key. */
export async function* everyItem<T>(
  list: (query: PageOptions) => Promise<{ items: readonly T[]; next: string | null }>,
  limit = 1000,
): AsyncGenerator<T> {
  let page = await list({ limit })
  for (;;) {
    yield* page.items
    if (page.next === null) return
    page = await list({ limit, after: page.next })
  }
}
