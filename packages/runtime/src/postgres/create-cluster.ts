import { spawn, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { PostgresBinaries } from './binaries.js'
import { commandAs, identityOf, type PostgresUser } from './postgres-user.js'

/** The account and the database that Muster uses. It is no superuser: it owns its database and may create others. */
export const ROLE = 'muster'

/** What the server's programs see of our environment: nothing. */
export const SERVER_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Makes `home` whole or not at all: everything happens in a folder beside it, which is renamed at the end.
 *
 *     home/password            of the role `muster`, 0600
 *     home/superuser-password  of `postgres`, for an operator's own errands, 0600
 *     home/data/               the cluster: UTF-8, C locale, SCRAM for everybody
 */
export async function createCluster(home: string, binaries: PostgresBinaries, user: PostgresUser, sync: boolean): Promise<void> {
  const parent = dirname(home)
  await mkdir(parent, { recursive: true })
  await removeLeftovers(home)
  const fresh = await mkdtemp(`${home}.new-`)
  try {
    await fill(fresh, binaries, user, sync)
    await rename(fresh, home)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true, maxRetries: 5 })
    throw error
  }
  const folder = await open(parent)
  await folder.sync().finally(() => folder.close())
}

async function fill(fresh: string, binaries: PostgresBinaries, user: PostgresUser, sync: boolean): Promise<void> {
  const password = await writeSecret(join(fresh, 'password'), user)
  await writeSecret(join(fresh, 'superuser-password'), user)
  if (user.kind === 'account') await chown(fresh, user.uid, user.gid)
  const data = join(fresh, 'data')
  const options: SpawnOptions = { cwd: fresh, env: SERVER_ENV, ...identityOf(user) }
  const initdb = commandAs(user, binaries.initdb, [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${join(fresh, 'superuser-password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
    ...(sync ? [] : ['--no-sync']),
  ])
  await runProgram(initdb.file, initdb.args, options, '')
  // Single-user mode reads one statement a line from stdin, so the password is in no argument list and in no log.
  const single = commandAs(user, binaries.postgres, ['--single', '-D', data, ...(sync ? [] : ['-F']), 'postgres'])
  const statements = [`CREATE ROLE ${ROLE} LOGIN CREATEDB PASSWORD '${password}'`, `CREATE DATABASE ${ROLE} OWNER ${ROLE}`]
  await runProgram(single.file, single.args, options, statements.map((s) => `${s}\n`).join(''))
}

async function writeSecret(path: string, user: PostgresUser): Promise<string> {
  const secret = randomBytes(24).toString('base64url')
  await writeFile(path, `${secret}\n`, { mode: 0o600 })
  if (user.kind === 'account') await chown(path, user.uid, user.gid)
  return secret
}

/** What a start that was killed within initdb left behind. */
async function removeLeftovers(home: string): Promise<void> {
  const names = await readdir(dirname(home))
  const left = names.filter((name) => name.startsWith(`${basename(home)}.new-`))
  for (const name of left) await rm(join(dirname(home), name), { recursive: true, force: true, maxRetries: 5 })
}

function runProgram(file: string, args: string[], options: SpawnOptions, input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      // In single-user mode a statement that fails still ends with exit code 0.
      const failed = code !== 0 || /\b(ERROR|FATAL|PANIC):/.test(output)
      if (!failed) return resolve()
      reject(new Error(`The database could not be created (${basename(file)} ended with ${signal ?? code}):\n${output.trim()}`))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
