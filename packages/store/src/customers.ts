import { planState, refuse, type Actor, type Customer, type Directory, type Written } from '@muster/domain'
import { logAffected } from './affected.js'
import type { Database } from './database.js'
import { closeGate, lockRow } from './gate.js'
import { takeOf, toPage } from './page.js'
import { toCustomer } from './rows.js'
import { differenceOf, log, unchanged, write, written, type Decision, type Tx } from './write.js'

type Customers = Pick<Directory, 'putCustomer' | 'getCustomer' | 'listCustomers' | 'patchCustomer' | 'setCustomerState' | 'deleteCustomer'>

const NOT_FOUND = 'No customer has this customerId.'

export function makeCustomers(database: Database): Customers {
  const { prisma } = database
  return {
    putCustomer: (request, actor) =>
      write(database, async (tx) => {
        const { customerId, name } = request
        if (await lockRow(tx, 'customer', customerId, 'update')) return rename(tx, await load(tx, customerId), name, actor)
        const changeSet = await log(tx, actor, {
          kind: 'customer',
          key: customerId,
          action: 'create',
          customerId,
          after: { name, state: 'active' },
        })
        await tx.customer.create({ data: { customerId, name, changeSet } })
        return { changeSet, answer: written(await load(tx, customerId), { created: true }) }
      }),

    async getCustomer(customerId) {
      const row = await prisma.customerView.findFirst({ where: { customerId } })
      return row && toCustomer(row)
    },

    async listCustomers(query) {
      const rows = await prisma.customerView.findMany({
        where: { ...(query.after !== undefined && { customerId: { gt: query.after } }), ...(query.state && { state: query.state }) },
        orderBy: { customerId: 'asc' },
        take: takeOf(query),
      })
      return toPage(rows, query, toCustomer, (customer) => customer.customerId)
    },

    patchCustomer: (customerId, changes, actor) =>
      write(database, async (tx) => {
        if (!(await lockRow(tx, 'customer', customerId, 'update'))) return refuse('customer_not_found', customerId, NOT_FOUND)
        const customer = await load(tx, customerId)
        return rename(tx, customer, changes.name ?? customer.name, actor)
      }),

    setCustomerState: (customerId, change, actor) =>
      write(database, async (tx) => {
        await closeGate(tx, customerId)
        if (!(await lockRow(tx, 'customer', customerId, 'update'))) return refuse('customer_not_found', customerId, NOT_FOUND)
        const customer = await load(tx, customerId)
        const state = planState(customer.state, change)
        if (state === customer.state) return unchanged(customer, { affectedMailboxes: 0 })
        const before = { state: customer.state }
        const changeSet = await log(tx, actor, { kind: 'customer', key: customerId, action: change, customerId, before, after: { state } })
        await tx.customer.update({ where: { customerId }, data: { state, changeSet } })
        const affectedMailboxes = await logAffected(tx, { customerId, domain: null, from: customer.state, to: state }, actor)
        return { changeSet, answer: written(await load(tx, customerId), { affectedMailboxes }) }
      }),

    deleteCustomer: (customerId, actor) =>
      write(database, async (tx) => {
        if (!(await lockRow(tx, 'customer', customerId, 'delete'))) return refuse('customer_not_found', customerId, NOT_FOUND)
        const domain = await tx.domain.findFirst({ where: { customerId }, select: { domain: true } })
        if (domain) return refuse('customer_not_empty', customerId, `It still has domains, such as ${domain.domain}; delete them first.`)
        const { name, state } = await load(tx, customerId)
        const changeSet = await log(tx, actor, { kind: 'customer', key: customerId, action: 'delete', customerId, before: { name, state } })
        await tx.customer.delete({ where: { customerId } })
        return { changeSet, answer: (revision) => ({ revision }) }
      }),
  }
}

async function load(tx: Tx, customerId: string): Promise<Customer> {
  return toCustomer(await tx.customerView.findFirstOrThrow({ where: { customerId } }))
}

async function rename(tx: Tx, customer: Customer, name: string, actor: Actor): Promise<Decision<Written<Customer>, never>> {
  const { customerId } = customer
  const difference = differenceOf({ name: customer.name }, { name })
  if (!difference) return unchanged(customer)
  const changeSet = await log(tx, actor, { kind: 'customer', key: customerId, action: 'update', customerId, ...difference })
  await tx.customer.update({ where: { customerId }, data: { name, changeSet } })
  return { changeSet, answer: written(await load(tx, customerId)) }
}
