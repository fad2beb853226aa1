import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildApi, mayReadMap, type ReadinessCheck } from '@muster/api'
import type { Actor } from '@muster/domain'
import { loadSigningKey, publisherRoutes, startPublisher, type Publisher } from '@muster/publisher'
import { lockDataFolder, runService, type Config, type Logger, type Service } from '@muster/runtime'
import { migrate, openStore, type Store } from '@muster/store'
import { startWorker } from '@muster/worker'
import { publishFolder, signingKeyFile } from '../data-folder.js'
import { firstUse, startDatabase } from '../database.js'
import { localUrl } from '../with-client.js'
import { ensureAdminKey } from './admin-key.js'
import { startAgentProcess } from './agent-process.js'
import { listen, requireFreePort } from './listen.js'
import { ensureLocalHost, localHostAt, writeAgentConfig } from './local-host.js'
import { planWelcome, type Welcome } from './welcome.js'

export interface AllInOneOptions {
  readonly config: Config
  readonly log: Logger
  /** Also run this machine as host `local`. */
  readonly localHost: boolean
  readonly newAdminKey: boolean
  readonly onReady: (welcome: Welcome) => void
}

/**
 * The whole control plane in one process, from the lock on its data folder down to the agent of this machine; resolves when all of it
 * has stopped. What is written here from top to bottom is the order of starting. Stopping goes from bottom to top, so that whatever is
 * used outlives its users.
 */
export async function runAllInOne(options: AllInOneOptions): Promise<void> {
  const { config, log, localHost } = options
  const publishDir = publishFolder(config.dataDir)
  const local = localHostAt(config.dataDir)
  const actor: Actor = { keyId: 'muster-serve', role: 'admin', requestId: randomUUID() }
  await runService({ log, shutdownMs: config.shutdownMs }, async (service) => {
    const store = await startStore(service, config, log)
    await ensureAdminKey(store.directory, config.dataDir, options.newAdminKey, actor, log)
    if (localHost) await ensureLocalHost(store.directory, local, actor)
    const publisher = await service.start('publisher', async () => {
      const signingKey = await loadSigningKey(signingKeyFile(config.dataDir), join(publishDir, 'publisher.pub'))
      return startPublisher({ feed: store.feed, publishDir, signingKey, log, ...config.publisher })
    })
    const port = await startApi(service, { store, publisher, publishDir, config, log })
    await service.start('worker', () => startWorker({ store, log }))
    if (localHost) {
      await writeAgentConfig(local, publishDir, localUrl(config.bind, port))
      const when = publisher.kick()
      await service.start('agent of host local', () => startAgentProcess({ configFile: local.configFile, log, when }))
    }
    const compiledDir = localHost ? local.compiledDir : null
    const url = localUrl(config.bind, port)
    options.onReady(await planWelcome({ url, dataDir: config.dataDir, compiledDir, directory: store.directory }))
  })
}

async function startStore(service: Service, config: Config, log: Logger): Promise<Store> {
  await service.start('data folder', () => lockDataFolder(config.dataDir))
  await requireFreePort(config.bind, config.port)
  await mkdir(dirname(signingKeyFile(config.dataDir)), { recursive: true, mode: 0o700 })
  const database = await service.start('database', () => startDatabase(config, log))
  const { applied } = await firstUse(database.url, () => migrate({ databaseUrl: database.url }))
  if (applied.length > 0) log.info({ applied }, 'schema brought up to date')
  const { quarantineDays, database: settings } = config
  return service.start('store', async () => {
    const store = await openStore({ databaseUrl: database.url, maxConnections: settings.poolSize, quarantineDays })
    return { ...store, stop: () => store.close() }
  })
}

interface ApiParts {
  readonly store: Store
  readonly publisher: Publisher
  readonly publishDir: string
  readonly config: Config
  readonly log: Logger
}

/** Answers the port it listens on. */
async function startApi(service: Service, { store, publisher, publishDir, config, log }: ApiParts): Promise<number> {
  const { port } = await service.start('api', async () => {
    const app = await buildApi({
      directory: store.directory,
      config: { hashing: config.hashing },
      log,
      onCommit: () => void publisher.kick(),
      readiness: async () => [
        { name: 'service', ready: service.isReady(), detail: service.isReady() ? '' : 'It is starting or stopping.' },
        checkPublisher(publisher),
      ],
      published: () => {
        const cursor = publisher.publishedCursor()
        return cursor && { cursor, maps: new Map(publisher.maps().map((manifest) => [manifest.map, manifest.cursor])) }
      },
      plugins: [async (scope) => scope.register(publisherRoutes, { publisher, publishDir, mayRead: mayReadMap })],
    })
    try {
      return { port: await listen(app, config.bind, config.port), stop: () => app.close() }
    } catch (error) {
      await app.close()
      throw error
    }
  })
  return port
}

/** A restored directory waits for its operator: nothing is published meanwhile, so writes would not reach a host. */
function checkPublisher(publisher: Publisher): ReadinessCheck {
  const pending = publisher.state().phase === 'restore_pending'
  return { name: 'publisher', ready: !pending, detail: pending ? 'The directory was restored from a backup: muster restore accept.' : '' }
}
