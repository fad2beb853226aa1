import type { AddressInfo } from 'node:net'
import { buildApi, mintKey } from '@muster/api'
import { createLogger, readConfig } from '@muster/runtime'
import { openStore } from '@muster/store'
import { serveOrders } from '../tools/forked.js'

export interface ServerOrder {
  readonly databaseUrl: string
}

export interface ServerReport {
  readonly port: number
  /** An admin's. */
  readonly token: string
}

/** The API as it runs in earnest: the settings' own defaults, a pool of its own, logs at info; nothing else in the process. */
let close = async () => {}

serveOrders(
  async ({ databaseUrl }: ServerOrder): Promise<ServerReport> => {
    const config = readConfig({})
    const store = await openStore({ databaseUrl, maxConnections: config.database.poolSize })
    const { keyId, token, secretHash } = mintKey()
    const actor = { keyId, role: 'admin', requestId: 'bench' } as const
    const made = await store.directory.createKey({ keyId, name: 'bench', role: 'admin', host: null, expiresAt: null, secretHash }, actor)
    if (!made.ok) throw new Error(made.code)
    const app = await buildApi({ directory: store.directory, config, log: createLogger({ name: 'muster', level: config.logLevel }) })
    await app.listen({ host: '127.0.0.1', port: 0 })
    close = async () => {
      await app.close()
      await store.close()
    }
    return { port: (app.server.address() as AddressInfo).port, token }
  },
  () => close(),
)
