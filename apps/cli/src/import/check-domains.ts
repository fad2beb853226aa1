import { everyItem, type Client } from '@muster/client'
import { domainOf, type DomainName } from '@muster/domain'
import type { ImportRecord } from './import-record.js'
import { badLine, type BadLine } from './source-lines.js'

export interface DomainCheck {
  readonly records: readonly ImportRecord[]
  /** Records of domains that are another customer's. */
  readonly bad: readonly BadLine[]
  /** Domains of the records that the directory does not have. */
  readonly missing: readonly DomainName[]
}

export async function checkDomains(client: Client, customerId: string, records: readonly ImportRecord[]): Promise<DomainCheck> {
  const own = new Set<string>()
  for await (const { domain } of everyItem((page) => client.domains.list({ ...page, customerId }))) own.add(domain)
  const missing: DomainName[] = []
  const others = new Set<DomainName>()
  for (const domain of new Set(records.map(({ address }) => domainOf(address)))) {
    if (own.has(domain)) continue
    if ((await client.domains.get(domain)) === null) missing.push(domain)
    else others.add(domain)
  }
  const foreign = records.filter(({ address }) => others.has(domainOf(address)))
  return {
    records: foreign.length === 0 ? records : records.filter(({ address }) => !others.has(domainOf(address))),
    bad: foreign.map(
      ({ place, address }) => badLine(place, 'domain_of_another_customer', `${domainOf(address)} is the domain of another customer.`).bad,
    ),
    missing: missing.sort(),
  }
}
