import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { MissingToolError } from '../frame/benchmark.js'
import { repository } from '../frame/results.js'

const execute = promisify(execFile)

/** A pgbench of 15 drives a newer server well. */
const PACKAGES = ['postgresql-15', 'libpq5']
const unpackedTo = join(repository, 'var', 'tools', 'pgbench')
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((triplet) => join(unpackedTo, 'usr', 'lib', triplet)).join(':')

export interface PgbenchRun {
  readonly pgbench: string
  readonly databaseUrl: string
  /** The transaction; pgbench's own meta commands work. */
  readonly script: string
  readonly clients: number
  readonly seconds: number
  /** Where the script is written. */
  readonly folder: string
}

/**
 * Finds pgbench, or unpacks it from Debian's packages below var/tools: nothing is installed, and Debian's own cluster is neither made
 * nor started.
 */
export async function findPgbench(say: (line: string) => void): Promise<string> {
  const below = 'usr/lib/postgresql/15/bin/pgbench'
  const found = [join('/', below), join(unpackedTo, below)].find((path) => existsSync(path))
  if (found !== undefined) return found
  say(`fetching pgbench: ${PACKAGES.join(', ')} are unpacked below var/tools/pgbench`)
  await unpack().catch((cause: unknown) => {
    throw new MissingToolError('There is no pgbench (Debian package postgresql-15), and it cannot be fetched by apt-get download.', {
      cause,
    })
  })
  return join(unpackedTo, below)
}

async function unpack(): Promise<void> {
  await mkdir(dirname(unpackedTo), { recursive: true })
  const debs = await mkdtemp(`${unpackedTo}.debs-`)
  const fresh = await mkdtemp(`${unpackedTo}.new-`)
  try {
    const download = () => execute('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...PACKAGES], { cwd: debs })
    // A list of packages that is older than the archive names files that are gone.
    await download().catch(() => execute('apt-get', ['update', '-qq']).then(download))
    for (const deb of await readdir(debs)) await execute('dpkg', ['-x', join(debs, deb), fresh])
    await rm(unpackedTo, { recursive: true, force: true })
    await rename(fresh, unpackedTo)
  } finally {
    await rm(debs, { recursive: true, force: true })
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Transactions a second, without the time to connect. A failed transaction fails the run. */
export async function runPgbench(run: PgbenchRun): Promise<number> {
  const script = join(run.folder, 'pgbench.sql')
  await writeFile(script, run.script)
  const url = new URL(run.databaseUrl)
  const args = ['--no-vacuum', '--protocol=prepared', `--file=${script}`, `--client=${run.clients}`, '--jobs=1', `--time=${run.seconds}`]
  const { stdout } = await execute(run.pgbench, args, {
    env: {
      PATH: process.env['PATH'],
      LC_ALL: 'C',
      LD_LIBRARY_PATH: LIBRARIES,
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: decodeURIComponent(url.username),
      PGPASSWORD: decodeURIComponent(url.password),
      PGDATABASE: url.pathname.slice(1),
    },
  })
  return readRate(stdout)
}

export function readRate(stdout: string): number {
  const rate = /^tps = ([\d.]+) \(without initial connection time\)$/m.exec(stdout)?.[1]
  const failed = /^number of failed transactions: (\d+)/m.exec(stdout)?.[1] ?? '0'
  if (rate === undefined || failed !== '0') throw new Error(`pgbench did not finish as it should:\n${stdout}`)
  return Number(rate)
}
