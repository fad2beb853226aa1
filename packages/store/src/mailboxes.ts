import { planState, refuse, type Address, type Directory, type Mailbox, type MailboxChanges, type PasswordHashes } from '@muster/domain'
import type { Database } from './database.js'
import { enterGate, lockRow } from './gate.js'
import { pictureOf } from './mailbox-picture.js'
import { takeOf, toPage } from './page.js'
import { sortServices, toMailbox } from './rows.js'
import { buryKey } from './tombstones.js'
import { differenceOf, log, unchanged, write, written, type Tx } from './write.js'

type Mailboxes = Pick<
  Directory,
  'getMailbox' | 'listMailboxes' | 'patchMailbox' | 'setMailboxState' | 'deleteMailbox' | 'loadPasswordHashes'
>

const NOT_FOUND = 'No mailbox has this address.'

/** All about one mailbox but its making, which has create-mailbox.ts to itself. */
export function makeMailboxes(database: Database): Mailboxes {
  const { prisma } = database
  return {
    async getMailbox(address) {
      const row = await prisma.mailboxView.findFirst({ where: { address } })
      return row && toMailbox(row)
    },

    async listMailboxes(query) {
      const rows = await prisma.mailboxView.findMany({
        where: {
          ...(query.after !== undefined && { address: { gt: query.after } }),
          ...(query.domain !== undefined && { domain: query.domain }),
          ...(query.customerId !== undefined && { customerId: query.customerId }),
          ...(query.mailstore !== undefined && { mailstore: query.mailstore }),
          ...(query.state && { state: query.state }),
        },
        orderBy: { address: 'asc' },
        take: takeOf(query),
      })
      return toPage(rows, query, toMailbox, (mailbox) => mailbox.address)
    },

    patchMailbox: (address, changes, actor) =>
      write(database, async (tx) => {
        if (!(await lockRow(tx, 'mailbox', address, 'update'))) return refuse('mailbox_not_found', address, NOT_FOUND)
        const mailbox = await load(tx, address)
        const { customerId, mailboxId, mailstore } = mailbox
        const fields = fieldsOf(changes)
        const password = changes.hashes ? await savePassword(tx, mailboxId, changes.hashes) : null
        const difference = differenceOf(pictureOf(mailbox), fields)
        if (!difference && !password) return unchanged(mailbox)
        const entry = { kind: 'mailbox', key: address, action: 'update', mailstore, customerId } as const
        const after = { ...difference?.after, ...(password && { password }) }
        const changeSet = await log(tx, actor, { ...entry, before: { ...difference?.before }, after })
        await tx.mailbox.update({ where: { address }, data: { ...fields, changeSet } })
        return { changeSet, answer: written(await load(tx, address)) }
      }),

    setMailboxState: (address, change, actor) =>
      write(database, async (tx) => {
        if (!(await lockBelowCustomer(tx, address))) return refuse('mailbox_not_found', address, NOT_FOUND)
        const mailbox = await load(tx, address)
        const { customerId, mailstore, state: from } = mailbox
        const state = planState(from, change)
        if (state === from) return unchanged(mailbox, { affectedMailboxes: 0 })
        const entry = { kind: 'mailbox', key: address, action: change, mailstore, customerId } as const
        const changeSet = await log(tx, actor, { ...entry, before: { state: from }, after: { state } })
        await tx.mailbox.update({ where: { address }, data: { state, changeSet } })
        const now = await load(tx, address)
        return { changeSet, answer: written(now, { affectedMailboxes: now.status === mailbox.status ? 0 : 1 }) }
      }),

    async deleteMailbox(address, actor) {
      let left: string | null = null
      const outcome = await write(database, async (tx) => {
        if (!(await lockRow(tx, 'mailbox', address, 'delete'))) return refuse('mailbox_not_found', address, NOT_FOUND)
        const mailbox = await load(tx, address)
        const { customerId, mailstore } = mailbox
        left = mailstore
        const before = pictureOf(mailbox)
        const changeSet = await log(tx, actor, { kind: 'mailbox', key: address, action: 'delete', mailstore, customerId, before })
        await tx.mailbox.delete({ where: { address } })
        await buryKey(tx, 'mailbox', address, customerId, database.quarantineMs)
        return { changeSet, answer: (revision: number) => ({ revision }) }
      })
      if (outcome.ok && left !== null) database.counts.add(left, -1)
      return outcome
    },

    async loadPasswordHashes(address) {
      return prisma.mailboxPassword.findFirst({ where: { mailbox: { address } }, select: { argon2id: true, crypt: true } })
    },
  }
}

async function load(tx: Tx, address: Address): Promise<Mailbox> {
  return toMailbox(await tx.mailboxView.findFirstOrThrow({ where: { address } }))
}

/** What is asked for of the row itself; a field that is absent, or undefined, stays as it is. */
function fieldsOf({ quotaBytes, quotaMessages, services, name, uid, gid }: MailboxChanges) {
  return {
    ...(quotaBytes !== undefined && { quotaBytes }),
    ...(quotaMessages !== undefined && { quotaMessages }),
    ...(services !== undefined && { services: sortServices(services) }),
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  }
}

/** Keeps the hashes, or no password at all when both are null. Answers what the log says of it; null when it is as it was. */
async function savePassword(tx: Tx, mailboxId: string, hashes: PasswordHashes): Promise<'changed' | 'removed' | null> {
  const before = await tx.mailboxPassword.findUnique({ where: { mailboxId } })
  const { argon2id, crypt } = hashes
  if ((before?.argon2id ?? null) === argon2id && (before?.crypt ?? null) === crypt) return null
  if (argon2id === null && crypt === null) {
    await tx.mailboxPassword.delete({ where: { mailboxId } })
    return 'removed'
  }
  await tx.mailboxPassword.upsert({ where: { mailboxId }, create: { mailboxId, argon2id, crypt }, update: { argon2id, crypt } })
  return 'changed'
}

/** Locks a mailbox whose status is to be decided: nobody changes the state of its customer or domain meanwhile. */
async function lockBelowCustomer(tx: Tx, address: Address): Promise<boolean> {
  const above = await tx.mailbox.findUnique({ where: { address }, select: { customerId: true, domain: true } })
  if (!above) return false
  await enterGate(tx, above.customerId)
  await lockRow(tx, 'customer', above.customerId, 'share')
  await lockRow(tx, 'domain', above.domain, 'share')
  return lockRow(tx, 'mailbox', address, 'update')
}
