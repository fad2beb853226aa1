import { refuse, type Directory, type Key } from '@muster/domain'
import type { Database } from './database.js'
import { lockRow } from './gate.js'
import { takeOf, toPage } from './page.js'
import { toKey } from './rows.js'
import { log, write } from './write.js'

type Keys = Pick<Directory, 'createKey' | 'findKey' | 'listKeys' | 'deleteKey'>

const PUBLIC = { keyId: true, name: true, role: true, host: true, expiresAt: true, createdAt: true } as const

/** Every request asks this, so it is a prepared statement: through Prisma it was a third of what a create costs the API (0.4 of 1.2 ms). */
const FIND = `select key_id as "keyId", name, role, host, expires_at as "expiresAt", created_at as "createdAt", secret_hash as "secretHash"
  from api_key where key_id = $1`

/** API keys: of the secret only its hash is kept, and that only `findKey` reads. */
export function makeKeys(database: Database): Keys {
  const { prisma, pool } = database
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
      const { rows } = await pool.query<Key & { secretHash: Buffer }>({ name: 'key-find', text: FIND, values: [keyId] })
      const row = rows[0]
      if (!row || (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now())) return null
      return { key: toKey(row), secretHash: row.secretHash }
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
