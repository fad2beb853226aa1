import { planState, refuse, type Directory, type Domain } from '@muster/domain'
import { logAffected } from './affected.js'
import type { Database } from './database.js'
import { closeGate, enterGate, lockRow } from './gate.js'
import { takeOf, toPage } from './page.js'
import { toDomain } from './rows.js'
import { buryKey, quarantineOf } from './tombstones.js'
import { log, unchanged, write, written, type Tx } from './write.js'

type Domains = Pick<Directory, 'putDomain' | 'getDomain' | 'listDomains' | 'setDomainState' | 'deleteDomain'>

const NOT_FOUND = 'The domain is not in the directory.'

export function makeDomains(database: Database): Domains {
  const { prisma } = database
  return {
    putDomain: (request, actor) =>
      write(database, async (tx) => {
        const { domain, customerId } = request
        await enterGate(tx, customerId)
        if (!(await lockRow(tx, 'customer', customerId, 'share'))) {
          return refuse('customer_not_found', customerId, 'Put the customer first: PUT /v1/customers/{customerId}.')
        }
        const present = await tx.domainView.findFirst({ where: { domain } })
        if (present && present.customerId !== customerId)
          return refuse('domain_of_another_customer', domain, 'Another customer has this domain.')
        if (present) return unchanged(toDomain(present))
        const customer = await tx.customer.findUniqueOrThrow({ where: { customerId } })
        if (customer.state === 'closed')
          return refuse('customer_closed', customerId, 'A closed customer takes no new domain; resume it first.')
        const quarantine = await quarantineOf(tx, 'domain', domain)
        if (quarantine !== null && quarantine !== customerId) {
          return refuse('domain_quarantined', domain, 'It belonged to another customer until lately; its quarantine has not ended.')
        }
        const changeSet = await log(tx, actor, {
          kind: 'domain',
          key: domain,
          action: 'create',
          customerId,
          after: { customerId, state: 'active' },
        })
        await tx.domain.create({ data: { domain, customerId, changeSet } })
        return { changeSet, answer: written(await load(tx, domain), { created: true }) }
      }),

    async getDomain(domain) {
      const row = await prisma.domainView.findFirst({ where: { domain } })
      return row && toDomain(row)
    },

    async listDomains(query) {
      const rows = await prisma.domainView.findMany({
        where: {
          ...(query.after !== undefined && { domain: { gt: query.after } }),
          ...(query.customerId !== undefined && { customerId: query.customerId }),
          ...(query.state && { state: query.state }),
        },
        orderBy: { domain: 'asc' },
        take: takeOf(query),
      })
      return toPage(rows, query, toDomain, (item) => item.domain)
    },

    setDomainState: (domain, change, actor) =>
      write(database, async (tx) => {
        if (!(await lockWithGate(tx, domain, 'update'))) return refuse('domain_not_found', domain, NOT_FOUND)
        const row = await load(tx, domain)
        const { customerId } = row
        const state = planState(row.state, change)
        if (state === row.state) return unchanged(row, { affectedMailboxes: 0 })
        const before = { state: row.state }
        const changeSet = await log(tx, actor, { kind: 'domain', key: domain, action: change, customerId, before, after: { state } })
        await tx.domain.update({ where: { domain }, data: { state, changeSet } })
        const affectedMailboxes = await logAffected(tx, { customerId, domain, from: row.state, to: state }, actor)
        return { changeSet, answer: written(await load(tx, domain), { affectedMailboxes }) }
      }),

    deleteDomain: (domain, actor) =>
      write(database, async (tx) => {
        if (!(await lockWithGate(tx, domain, 'delete'))) return refuse('domain_not_found', domain, NOT_FOUND)
        const mailbox = await tx.mailbox.findFirst({ where: { domain }, select: { address: true } })
        if (mailbox) return refuse('domain_not_empty', domain, `It still has mailboxes, such as ${mailbox.address}; delete them first.`)
        const { customerId, state } = await load(tx, domain)
        const changeSet = await log(tx, actor, { kind: 'domain', key: domain, action: 'delete', customerId, before: { customerId, state } })
        await tx.domain.delete({ where: { domain } })
        await buryKey(tx, 'domain', domain, customerId, database.quarantineMs)
        return { changeSet, answer: (revision) => ({ revision }) }
      }),
  }
}

async function load(tx: Tx, domain: string): Promise<Domain> {
  return toDomain(await tx.domainView.findFirstOrThrow({ where: { domain } }))
}

/** Holds the gate and the domain; looked at again behind the lock, as the domain may have gone, and come back to another customer. */
async function lockWithGate(tx: Tx, domain: string, purpose: 'update' | 'delete'): Promise<boolean> {
  const before = await tx.domain.findUnique({ where: { domain }, select: { customerId: true } })
  if (!before) return false
  await closeGate(tx, before.customerId)
  await lockRow(tx, 'customer', before.customerId, 'share')
  if (!(await lockRow(tx, 'domain', domain, purpose))) return false
  const { customerId } = await load(tx, domain)
  return customerId === before.customerId || lockWithGate(tx, domain, purpose)
}
