import { domainWords, trades } from './words.js'
import { randomFrom } from './random.js'

export interface SiteDomain {
  readonly domain: string
  readonly customerId: string
  /** Mailboxes it holds. */
  readonly size: number
  /** One of the provider's own, where its subscribers have their addresses. */
  readonly own: boolean
}

/** What the provider's own domains hold of all mailboxes; the rest is spread over customers' domains, most of them small. */
const OWN = [
  { domain: 'lakenet.test', share: 0.34 },
  { domain: 'mail.lakenet.test', share: 0.12 },
  { domain: 'alpenpost.test', share: 0.06 },
  { domain: 'citycable.test', share: 0.03 },
]
const LARGEST_CUSTOMER_DOMAIN = 2_000

/** About one domain to 16 mailboxes: half of a customer's domains hold one or two, one in a hundred holds more than sixty. */
export function makeDomains(mailboxes: number, seed: number): SiteDomain[] {
  const domains: SiteDomain[] = OWN.map(({ domain, share }) => ({
    domain,
    customerId: 'provider',
    size: Math.floor(mailboxes * share),
    own: true,
  }))
  const random = randomFrom(seed)
  let left = mailboxes - domains.reduce((sum, d) => sum + d.size, 0)
  for (let n = 0, customer = 1001; left > 0; n++) {
    const size = Math.min(left, LARGEST_CUSTOMER_DOMAIN, Math.floor(1 / (1 - random()) ** (1 / 1.15)))
    // A customer in five has another domain as well.
    if (n > 0 && random() > 0.2) customer++
    domains.push({ domain: customerDomain(n), customerId: `C-${customer}`, size, own: false })
    left -= size
  }
  return domains
}

/** A different name for every n: words and trades first, then with a number. */
function customerDomain(n: number): string {
  const word = n % domainWords.length
  const turn = Math.floor(n / domainWords.length)
  const trade = trades[(turn + word) % trades.length] as string
  const round = Math.floor(turn / trades.length)
  return `${domainWords[word]}${n % 5 === 0 ? '-' : ''}${trade}${round === 0 ? '' : round}.test`
}
