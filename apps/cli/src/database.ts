import { lockDataFolder, startEmbeddedPostgres, type Config, type Lifetime, type Logger } from '@muster/runtime'
import { postgresFolder } from './data-folder.js'

/** A database to work with, the operator's own or the embedded one, which then ends with it. */
export interface UsableDatabase extends Lifetime {
  /** Holds the password. */
  readonly url: string
}

export async function startDatabase(config: Config, log: Logger): Promise<UsableDatabase> {
  const own = config.database.url
  if (own !== null) return { url: own.reveal(), stop: () => undefined }
  const { url, stop, exited } = await startEmbeddedPostgres({ dir: postgresFolder(config.dataDir), log })
  return { url, stop, failed: exited }
}

/** For a command that works on the database directly, while no `muster serve` has the data folder. */
export async function withDatabase<T>(config: Config, log: Logger, use: (databaseUrl: string) => Promise<T>): Promise<T> {
  const lock = config.database.url === null ? await lockDataFolder(config.dataDir) : null
  try {
    const database = await startDatabase(config, log)
    try {
      return await use(database.url)
    } finally {
      await database.stop()
    }
  } finally {
    await lock?.stop()
  }
}
