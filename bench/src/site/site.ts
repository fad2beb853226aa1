import { planHomePath, type Address, type PasswordHashes, type Service, type State } from '@muster/domain'
import type { MailboxRow } from '@muster/maps'
import { makeDomains, type SiteDomain } from './domains.js'
import { makePeople, personAt } from './localparts.js'
import { mix, pickWeighted, randomFrom, randomText, strideOf, type Random } from './random.js'

/**
 * A mail site that looks like a provider's: a few domains of its own with most of the mailboxes, thousands of small customer domains,
 * people's names, mailstores of unequal age, hashes from several decades. Every benchmark takes its mailboxes from here.
 */
export interface Site {
  readonly size: number
  readonly domains: readonly SiteDomain[]
  readonly mailstores: readonly SiteMailstore[]
  /** The i-th mailbox ever made, from 0: domains, names and stores come in no order. */
  mailbox(i: number): MailboxRow
  /** All of them, in that order, in pages as the directory streams them. */
  pages(rows?: number): Iterable<MailboxRow[]>
}

export interface SiteMailstore {
  readonly name: string
  readonly host: string
  readonly port: number | null
  readonly root: string
  /** Mailboxes on it, relative to the others. */
  readonly weight: number
}

const MAILSTORES: readonly SiteMailstore[] = [24, 21, 18, 16, 12, 9].map((weight, i) => ({
  name: `ms${i + 1}`,
  host: `192.0.2.${11 + i}`,
  port: null,
  root: `/mail${i + 1}`,
  weight,
}))

export function makeSite(options: { mailboxes: number; seed?: number }): Site {
  const { mailboxes: size, seed = 1 } = options
  const domains = makeDomains(size, seed)
  const starts = startsOf(domains)
  const people = makePeople(seed)
  const stride = strideOf(size, seed)
  const mailbox = (i: number): MailboxRow => {
    if (i < 0 || i >= size) throw new RangeError(`The site has ${size} mailboxes; there is no number ${i}.`)
    const slot = Number((BigInt(i) * BigInt(stride)) % BigInt(size))
    const index = lastAtMost(starts, slot)
    const domain = domains[index] as SiteDomain
    const person = personAt(people, { own: domain.own, index }, slot - (starts[index] as number))
    return makeRow(`${person.stem}@${domain.domain}` as Address, person.name, randomFrom(mix(seed, i)))
  }
  return {
    size,
    domains,
    mailstores: MAILSTORES,
    mailbox,
    *pages(rows = 2_000) {
      for (let from = 0; from < size; from += rows) {
        yield Array.from({ length: Math.min(rows, size - from) }, (_, n) => mailbox(from + n))
      }
    },
  }
}

const QUOTAS = [
  { item: 1_000_000_000, weight: 45 },
  { item: 5_000_000_000, weight: 25 },
  { item: 250_000_000, weight: 15 },
  { item: 50_000_000_000, weight: 5 },
  { item: null, weight: 10 },
]
const SERVICES: readonly { item: readonly Service[]; weight: number }[] = [
  { item: ['imap', 'pop3', 'smtp'], weight: 90 },
  { item: ['pop3', 'smtp'], weight: 7 },
  { item: [], weight: 3 },
]
const STATUSES: readonly { item: State; weight: number }[] = [
  { item: 'active', weight: 965 },
  { item: 'suspended', weight: 30 },
  { item: 'closed', weight: 5 },
]

function makeRow(address: Address, name: string, random: Random): MailboxRow {
  const store = pickWeighted(
    random,
    MAILSTORES.map((item) => ({ item, weight: item.weight })),
  )
  const home = `${store.root}/${planHomePath(address)}`
  return {
    mailboxId: makeUuid(random),
    address,
    mailstore: store.name,
    mailstoreHost: store.host,
    mailstorePort: store.port,
    home,
    maildir: `${home}/Maildir`,
    uid: 5000,
    gid: 5000,
    quotaBytes: pickWeighted(random, QUOTAS),
    quotaMessages: random() < 0.05 ? 100_000 : null,
    services: pickWeighted(random, SERVICES),
    name: random() < 0.7 ? name : null,
    status: pickWeighted(random, STATUSES),
    ...makeHashes(random),
  }
}

/** A quarter had its password set here and so has both forms; the others came with what the old site had. Nobody knows the passwords. */
function makeHashes(random: Random): PasswordHashes {
  const kind = random()
  if (kind < 0.25) {
    const base64 = (length: number) => randomText(random, length).replaceAll('.', '+')
    return {
      argon2id: `$argon2id$v=19$m=65536,t=3,p=4$${base64(22)}$${base64(43)}`,
      crypt: `$2b$10$${randomText(random, 53)}`,
    }
  }
  if (kind < 0.85) return { argon2id: null, crypt: `$6$${randomText(random, 16)}$${randomText(random, 86)}` }
  if (kind < 0.93) return { argon2id: null, crypt: `$2y$10$${randomText(random, 53)}` }
  return { argon2id: null, crypt: `$1$${randomText(random, 8)}$${randomText(random, 22)}` }
}

function makeUuid(random: Random): string {
  const hex = randomText(random, 30, '0123456789abcdef')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 30)}`
}

/** The slot of each domain's first mailbox. */
function startsOf(domains: readonly SiteDomain[]): number[] {
  let next = 0
  return domains.map(({ size }) => (next += size) - size)
}

/** Index of the last element that is not above `value`, in an ascending array that begins with 0. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) <= value) low = middle
    else high = middle
  }
  return low
}
