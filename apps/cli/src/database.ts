import { CliFailure, EXIT, lockDataFolder, startEmbeddedPostgres, type Config, type Lifetime, type Logger } from '@muster/runtime'
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

/** Says in an operator's terms why the first use of a database failed; any other error stays as it is. */
export async function firstUse<T>(databaseUrl: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string }
    if (!NO_WAY_IN.test(code)) throw error
    const { host, pathname } = new URL(databaseUrl)
    const where = `The database ${pathname.slice(1)} at ${host}`
    throw new CliFailure(
      EXIT.unreachable,
      'database_unreachable',
      `${where} cannot be used: ${message || code}.`,
      'Look at MUSTER_DATABASE_URL.',
    )
  }
}

/** Errors of the network, and PostgreSQL's classes 28 (who you are) and 3D (no such database). */
const NO_WAY_IN = /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|28|3D)/
