import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, realpath, rename, stat, type FileHandle } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { loadPostgresBinaries } from './binaries.js'
import { createCluster, ROLE, SERVER_ENV } from './create-cluster.js'
import { commandAs, identityOf, planPostgresUser, type PostgresUser } from './postgres-user.js'
import { readPidFile, stopOrphan } from './postmaster.js'

export interface EmbeddedPostgresOptions {
  /** The folder that holds the cluster and its passwords; made when absent. */
  readonly dir: string
  readonly log?: Logger | undefined
  /** A port on 127.0.0.1; without it a free one is chosen at each start. */
  readonly port?: number | undefined
  /** Server settings, as for `postgres -c`. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** False spares fsync while the cluster is made: for tests. */
  readonly sync?: boolean | undefined
}

export interface EmbeddedPostgres {
  /** `postgres://muster:…@127.0.0.1:port/muster`: holds the password. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Settles when the server has ended, whoever ended it. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** A fast shutdown: sessions are ended, the checkpoint is written, and the server is gone when this resolves. */
  stop(): Promise<void>
}

interface Server {
  readonly home: string
  readonly data: string
  readonly user: PostgresUser
  readonly program: string
}

const LOG_BYTES = 10 * 1024 * 1024

/** Starts the PostgreSQL that comes with Muster, for a machine that has none of its own. It listens on 127.0.0.1 alone, with SCRAM. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await loadPostgresBinaries()
  await mkdir(dirname(resolve(options.dir)), { recursive: true })
  const home = join(await realpath(dirname(resolve(options.dir))), resolve(options.dir).slice(dirname(resolve(options.dir)).length))
  const user = await planPostgresUser(home, binaries)
  if (!existsSync(join(home, 'data', 'PG_VERSION'))) {
    options.log?.info({ home }, 'creating the database')
    await createCluster(home, binaries, user, options.sync ?? true)
  }
  const server: Server = { home, data: join(home, 'data'), user, program: binaries.postgres }
  await stopOrphan(server.data, (pid) => options.log?.warn({ pid }, 'stopping a database server that an earlier run left behind'))
  await rotateLog(home)
  const { child, port } = await launch(server, options)
  const password = (await readFile(join(home, 'password'), 'utf8')).trim()
  options.log?.info({ port, pid: child.pid, as: user.kind }, 'database started')
  return embedded(child, `postgres://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}`, port, options.log)
}

function embedded(child: ChildProcess, url: string, port: number, log: Logger | undefined): EmbeddedPostgres {
  // Should we leave without stop() (process.exit, an uncaught error), the server is at least told to go.
  const onExit = () => child.kill('SIGINT')
  process.once('exit', onExit)
  const exited = ended(child).then((how) => {
    process.off('exit', onExit)
    return how
  })
  return {
    url,
    port,
    pid: child.pid as number,
    exited,
    async stop() {
      const started = performance.now()
      child.kill('SIGINT')
      const impatient = setTimeout(() => {
        log?.warn('the database does not stop; it is ended and will recover at the next start')
        child.kill('SIGQUIT')
      }, 60_000)
      await exited.finally(() => clearTimeout(impatient))
      log?.info({ ms: Math.round(performance.now() - started) }, 'database stopped')
    },
  }
}

/** Two refusals pass by themselves: the free port was taken meanwhile, or backends of a killed server still hold its shared memory. */
async function launch(server: Server, options: EmbeddedPostgresOptions): Promise<{ child: ChildProcess; port: number }> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const port = options.port ?? (await freePort())
    const before = await logSize(server.home)
    const child = await spawnServer(server, port, options.settings ?? {})
    if (await becomesReady(child, server.data, options.log)) return { child, port }
    const said = (await readFile(join(server.home, 'postgres.log'))).subarray(before).toString()
    const passing = /pre-existing shared memory block|Address already in use/.test(said)
    if (!passing || performance.now() > deadline) throw new Error(`The database does not start:\n${said.trim()}`)
    await sleep(50)
  }
}

async function spawnServer(server: Server, port: number, settings: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const all = { ...DEFAULTS, ...settings, port: String(port) }
  const args = ['-D', server.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const program = diesWithParent()
    ? { file: 'setpriv', args: ['--pdeathsig', 'INT', server.program, ...args] }
    : { file: server.program, args }
  const command = commandAs(server.user, program.file, program.args)
  const log: FileHandle = await open(join(server.home, 'postgres.log'), 'a', 0o600)
  try {
    // Detached: Ctrl-C at the terminal goes to the whole process group, and the database must be the last to hear of it.
    return spawn(command.file, command.args, {
      cwd: server.home,
      env: SERVER_ENV,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...identityOf(server.user),
    })
  } finally {
    await log.close()
  }
}

/** The server's own log stays short and holds no row's content: `terse` leaves out the DETAIL line that quotes it. */
const DEFAULTS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_checkpoints: 'off',
  log_error_verbosity: 'terse',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

/** util-linux's setpriv asks the kernel to stop the server when we die hard; where it is missing, the next start does it. */
let pdeathsig: boolean | undefined
function diesWithParent(): boolean {
  pdeathsig ??= process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'INT', 'true']).status === 0
  return pdeathsig
}

/** False when the server ended first. Recovery after a crash may take its time, so there is no deadline. */
async function becomesReady(child: ChildProcess, data: string, log: Logger | undefined): Promise<boolean> {
  const end = ended(child)
  for (let polls = 1; child.exitCode === null && child.signalCode === null; polls++) {
    const file = await readPidFile(data)
    if (file?.pid === child.pid && file?.ready) return true
    if (polls % 1_000 === 0) log?.info({ pid: child.pid }, 'the database is still starting')
    await Promise.race([end, sleep(10)])
  }
  return false
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
  return new Promise((settle, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => settle({ code, signal }))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((closed) => server.close(() => closed()))
  return port
}

async function logSize(home: string): Promise<number> {
  return (await stat(join(home, 'postgres.log')).catch(() => null))?.size ?? 0
}

async function rotateLog(home: string): Promise<void> {
  if ((await logSize(home)) > LOG_BYTES) await rename(join(home, 'postgres.log'), join(home, 'postgres.log.1'))
}
