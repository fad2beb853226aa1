import { readFileSync } from 'node:fs'
import { ApiError, ConnectionError, createClient, type Client } from '@muster/client'
import { CliFailure, EXIT, readConfig, type Config } from '@muster/runtime'
import { adminKeyFile } from './data-folder.js'

/** Runs a command against the API and says its refusals in the command's terms. */
export async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const config = readConfig()
  const client = createClient({ baseUrl: config.api.url ?? localUrl(config.bind, config.port), key: readKey(config) })
  try {
    return await use(client)
  } catch (error) {
    throw inCommandTerms(error)
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Where this very machine reaches a server that listens on `bind`. */
export function localUrl(bind: string, port: number): string {
  const everywhere = bind === '0.0.0.0' || bind === '::'
  const host = everywhere ? '127.0.0.1' : bind
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function readKey(config: Config): string {
  if (config.api.key !== null) return config.api.key.reveal()
  const file = adminKeyFile(config.dataDir)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new CliFailure(
      EXIT.config,
      'key_missing',
      `There is no key to ask with: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Set MUSTER_API_KEY or MUSTER_API_KEY_FILE, or run this as the user of `muster serve` with the same MUSTER_DATA_DIR.',
    )
  }
}

function inCommandTerms(error: unknown): unknown {
  if (error instanceof ApiError) return new CliFailure(EXIT.refused, error.code, error.message)
  if (error instanceof ConnectionError) {
    const hint = 'Is the control plane running (npm start, or muster serve)? MUSTER_API_URL says where it is.'
    return new CliFailure(EXIT.unreachable, error.code, error.message, hint)
  }
  return error
}
