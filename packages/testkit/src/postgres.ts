import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@muster/runtime'
import { Client } from 'pg'

/** A server of a test's own, in a temporary folder: for what must be killed, or seen with nobody else about. */
export interface TestPostgres {
  /** Stays the same over restart(). */
  readonly url: string
  readonly pid: () => number
  /** kill -9 of the server, as a power cut would: nothing is flushed, nobody is told. Resolves when it is gone. */
  kill9(): Promise<void>
  /** Starts it again on the same port and data, after kill9() or over a running one; resolves when it takes connections. */
  restart(): Promise<void>
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

/**
 * Without `fsync` a crash of the machine would lose data; a crash of the server does not, so kill9() tests may leave it off. (With
 * synchronous_commit off, kill9() would lose the last commits: it stays on.)
 */
export async function startTestPostgres(options: { fsync?: boolean; settings?: Record<string, string> } = {}): Promise<TestPostgres> {
  const folder = await makeTemporaryFolder('muster-pg-')
  const durability = options.fsync === true ? {} : { fsync: 'off', full_page_writes: 'off' }
  const start = (port?: number) =>
    startEmbeddedPostgres({
      dir: join(folder, 'postgres'),
      sync: false,
      settings: { max_connections: '200', shared_buffers: '64MB', ...durability, ...options.settings },
      ...(port === undefined ? {} : { port }),
    })
  let server: EmbeddedPostgres = await start()
  return {
    url: server.url,
    pid: () => server.pid,
    async kill9() {
      process.kill(server.pid, 'SIGKILL')
      await server.exited
    },
    async restart() {
      await server.stop()
      server = await start(server.port)
    },
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

export interface DatabaseCopy {
  readonly url: string
  drop(): Promise<void>
}

/** A new database on the server of `serverUrl`, a copy of `template`, or empty. */
export async function createDatabase(serverUrl: string, name: string, template?: string): Promise<DatabaseCopy> {
  await query(serverUrl, `CREATE DATABASE ${name} ${template === undefined ? '' : `TEMPLATE ${template}`}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => query(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

export function databaseName(): string {
  return `test_${randomBytes(6).toString('hex')}`
}

/** Every account may pass it, so that daemons that give up root reach what is inside. Names inside still keep their own modes. */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix))
  await chmod(folder, 0o711)
  return folder
}

async function query(url: string, sql: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      await client.query(sql)
      return
    } catch (error) {
      // object_in_use: somebody still has the template open, which ends by itself.
      if ((error as { code?: string }).code !== '55006' || tries === 50) throw error
      await sleep(100)
    } finally {
      await client.end()
    }
  }
}
