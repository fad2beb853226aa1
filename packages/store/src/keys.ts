import { refuse, type Directory } from '@muster/domain'
import type { Database } from './database.js'
import { lockRow } from './gate.js'
import { takeOf, toPage } from './page.js'
import { toKey } from './rows.js'
import { log, write } from './write.js'

type Keys = Pick<Directory, 'createKey' | 'findKey' | 'listKeys' | 'deleteKey'>

const PUBLIC = { keyId: true, name: true, role: true, host: true, expiresAt: true, createdAt: true } as const

/** API keys: of the secret only its hash is kept, and that only `findKey` reads. */
export function makeKeys(database: Database): Keys {
  const { prisma } = database
  return {
    createKey: ({ secretHash, ...request }, actor) =>
      write(database, async (tx) => {
        const { keyId, name, role, host, expiresAt } = request
        if (host !== null && !(await lockRow(tx, 'host', host, 'share'))) {
          return refuse('host_not_found', host, 'Put the host first: PUT /v1/hosts/{name}.')
        }
        const after = { name, role, host, expiresAt: expiresAt?.toISOString() ?? null }
        const changeSet = await log(tx, actor, { kind: 'key', key: keyId, action: 'create', after })
        const row = await tx.apiKey.create({ data: { ...request, secretHash: new Uint8Array(secretHash), changeSet }, select: PUBLIC })
        return { changeSet, answer: (revision) => ({ value: toKey(row), revision, created: true, changed: true }) }
      }),

    async findKey(keyId) {
      const row = await prisma.apiKey.findUnique({ where: { keyId }, select: { ...PUBLIC, secretHash: true } })
      if (!row || (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now())) return null
      return { key: toKey(row), secretHash: Buffer.from(row.secretHash) }
    },

    async listKeys(query) {
      const where = query.after === undefined ? {} : { keyId: { gt: query.after } }
      const rows = await prisma.apiKey.findMany({ where, orderBy: { keyId: 'asc' }, take: takeOf(query), select: PUBLIC })
      return toPage(rows, query, toKey, (key) => key.keyId)
    },

    deleteKey: (keyId, actor) =>
      write(database, async (tx) => {
        if (!(await lockRow(tx, 'api_key', keyId, 'delete'))) return refuse('key_not_found', keyId, 'No key has this keyId.')
        const { name, role, host } = await tx.apiKey.delete({ where: { keyId }, select: PUBLIC })
        const changeSet = await log(tx, actor, { kind: 'key', key: keyId, action: 'delete', before: { name, role, host } })
        return { changeSet, answer: (revision) => ({ revision }) }
      }),
  }
}
