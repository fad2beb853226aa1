import {
  ALL_MAILSTORES,
  refuse,
  ROLES,
  type Actor,
  type Directory,
  type Host,
  type HostRequest,
  type Refused,
  type Written,
} from '@muster/domain'
import type { Database } from './database.js'
import { lockRow } from './gate.js'
import { takeOf, toPage } from './page.js'
import { toHost } from './rows.js'
import { differenceOf, log, unchanged, write, written, type Decision, type Tx } from './write.js'

type Hosts = Pick<Directory, 'putHost' | 'getHost' | 'listHosts' | 'patchHost' | 'deleteHost'>

const NOT_FOUND = 'No host has this name.'

export function makeHosts(database: Database): Hosts {
  const { prisma } = database
  return {
    putHost: ({ name, ...request }, actor) =>
      write(database, async (tx) => {
        const missing = await missingMailstore(tx, request.mailstores)
        if (missing) return missing
        if (await lockRow(tx, 'host', name, 'update')) return change(tx, await load(tx, name), request, actor)
        const row = rowOf(request)
        const changeSet = await log(tx, actor, { kind: 'host', key: name, action: 'create', after: row })
        await tx.host.create({ data: { name, ...row, changeSet } })
        return { changeSet, answer: written(await load(tx, name), { created: true }) }
      }),

    async getHost(name) {
      const row = await prisma.hostView.findFirst({ where: { name } })
      return row && toHost(row)
    },

    async listHosts(query) {
      const rows = await prisma.hostView.findMany({
        where: { ...(query.after !== undefined && { name: { gt: query.after } }), ...(query.role && { roles: { has: query.role } }) },
        orderBy: { name: 'asc' },
        take: takeOf(query),
      })
      return toPage(rows, query, toHost, (host) => host.name)
    },

    patchHost: (name, changes, actor) =>
      write(database, async (tx) => {
        const missing = await missingMailstore(tx, changes.mailstores ?? [])
        if (missing) return missing
        if (!(await lockRow(tx, 'host', name, 'update'))) return refuse('host_not_found', name, NOT_FOUND)
        return change(tx, await load(tx, name), changes, actor)
      }),

    deleteHost: (name, actor) =>
      write(database, async (tx) => {
        if (!(await lockRow(tx, 'host', name, 'delete'))) return refuse('host_not_found', name, NOT_FOUND)
        for (const { keyId, role } of await tx.apiKey.findMany({ where: { host: name }, orderBy: { keyId: 'asc' } })) {
          await log(tx, actor, { kind: 'key', key: keyId, action: 'delete', before: { role, host: name } })
        }
        await tx.apiKey.deleteMany({ where: { host: name } })
        const changeSet = await log(tx, actor, { kind: 'host', key: name, action: 'delete', before: rowOf(await load(tx, name)) })
        await tx.host.delete({ where: { name } })
        return { changeSet, answer: (revision) => ({ revision }) }
      }),
  }
}

async function load(tx: Tx, name: string): Promise<Host> {
  return toHost(await tx.hostView.findFirstOrThrow({ where: { name } }))
}

/** Sets have one order, so that the same set asked for again is no change. */
function rowOf({ roles, mailstores }: HostRequest): { roles: string[]; mailstores: string[] } {
  return { roles: ROLES.filter((role) => roles.includes(role)), mailstores: [...new Set(mailstores)].sort() }
}

/** Holds the mailstores that a host is to serve, in order of name: none is deleted meanwhile. */
async function missingMailstore(tx: Tx, mailstores: readonly string[]): Promise<Refused<'mailstore_not_found'> | null> {
  for (const name of [...new Set(mailstores)].sort()) {
    if (name === ALL_MAILSTORES || (await lockRow(tx, 'mailstore', name, 'share'))) continue
    return refuse('mailstore_not_found', name, 'Put the mailstore first: PUT /v1/mailstores/{name}.')
  }
  return null
}

async function change(tx: Tx, host: Host, changes: Partial<HostRequest>, actor: Actor): Promise<Decision<Written<Host>, never>> {
  const before = rowOf(host)
  const after = rowOf({ roles: changes.roles ?? host.roles, mailstores: changes.mailstores ?? host.mailstores })
  const difference = differenceOf(before, after)
  if (!difference) return unchanged(host)
  const { name } = host
  const changeSet = await log(tx, actor, { kind: 'host', key: name, action: 'update', ...difference })
  await tx.host.update({ where: { name }, data: { ...after, changeSet } })
  return { changeSet, answer: written(await load(tx, name)) }
}
