import { execFile } from 'node:child_process'
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresBinaries } from './binaries.js'

const run = promisify(execFile)

/**
 * Whom the server runs as; PostgreSQL refuses to be root.
 * - `self`: as we are, not root.
 * - `account`: we are root, and it runs as another account, which then owns its files. Where that account may not pass a folder on the
 *   way (/root is closed to everybody), `capability` lets it: it is the one privilege of root's that the server keeps.
 */
export type PostgresUser =
  | { readonly kind: 'self' }
  | { readonly kind: 'account'; readonly uid: number; readonly gid: number; readonly capability: Capability | null }

/** Either lets a process pass folders that are closed to it. The first is the smaller; containers often have the second only. */
const CAPABILITIES = ['dac_read_search', 'dac_override'] as const
type Capability = (typeof CAPABILITIES)[number]

/** Chooses by who owns the files that exist already, so that a data folder is always used in the way it was made. */
export async function planPostgresUser(home: string, binaries: PostgresBinaries): Promise<PostgresUser> {
  const owner = await ownerOf(home)
  const me = process.geteuid?.() ?? 0
  if (me !== 0) {
    if (owner !== null && owner.uid !== me) throw foreignFolder(home, owner.uid, me)
    return { kind: 'self' }
  }
  const account = owner !== null && owner.uid !== 0 ? owner : await postgresAccount()
  const blocked = await firstUnreachable(account, home, binaries)
  const { uid, gid } = account
  return { kind: 'account', uid, gid, capability: blocked === null ? null : await findCapability(account, home, blocked) }
}

/** The command line that runs a program as that user. The process keeps the pid that spawn gives. */
export function commandAs(user: PostgresUser, program: string, args: readonly string[]): { file: string; args: string[] } {
  if (user.kind === 'self' || user.capability === null) return { file: program, args: [...args] }
  const only = `-all,+${user.capability}`
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups']
  // access(2), by which initdb looks for its server, drops what an ordinary uid holds unless the securebit says otherwise.
  const privileges = ['--securebits=+no_setuid_fixup', `--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`]
  return { file: 'setpriv', args: [...identity, ...privileges, '--', program, ...args] }
}

export function identityOf(user: PostgresUser): { uid?: number; gid?: number } {
  return user.kind === 'account' && user.capability === null ? { uid: user.uid, gid: user.gid } : {}
}

async function ownerOf(home: string): Promise<{ uid: number; gid: number } | null> {
  try {
    const { uid, gid } = await stat(home)
    return { uid, gid }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function postgresAccount(): Promise<{ uid: number; gid: number }> {
  const known = await findAccount('postgres')
  if (known !== undefined) return known
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ])
  } catch {
    // A read-only /etc or a system without useradd: nobody is there on every system.
  }
  const account = (await findAccount('postgres')) ?? (await findAccount('nobody'))
  if (account !== undefined) return account
  throw new Error(`PostgreSQL does not run as root, and there is no account \`postgres\` to run it as. ${OTHER_WAYS}`)
}

async function findAccount(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const fields = text.split('\n').map((line) => line.split(':'))
  const found = fields.find((field) => field[0] === name && field.length > 3)
  return found && { uid: Number(found[2]), gid: Number(found[3]) }
}

const OTHER_WAYS =
  'Start Muster as an ordinary user, or set MUSTER_DATA_DIR to a folder that every account may pass, such as /var/lib/muster, ' +
  'or set MUSTER_DATABASE_URL to a PostgreSQL of your own.'

async function findCapability(account: { uid: number; gid: number }, home: string, blocked: string): Promise<Capability> {
  for (const capability of CAPABILITIES) {
    const probe = commandAs({ kind: 'account', ...account, capability }, '/bin/true', [])
    if (
      await run(probe.file, probe.args).then(
        () => true,
        () => false,
      )
    ) {
      return capability
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and uid ${account.uid}, which would run it on ${home}, may not pass ${blocked}: ` +
      `allow it (chmod o+x ${blocked}). ${OTHER_WAYS}`,
  )
}

/** The first folder or file on the way to the server and its data that the account may not pass; null when it reaches both. */
async function firstUnreachable(account: { uid: number; gid: number }, home: string, binaries: PostgresBinaries): Promise<string | null> {
  const server = await realpath(binaries.postgres)
  const data = await realpath(dirname(home))
  for (const path of [...ancestors(data), ...ancestors(server)]) if (!(await mayPass(account, path))) return path
  return null
}

async function mayPass(account: { uid: number; gid: number }, path: string): Promise<boolean> {
  const { uid, gid, mode } = await stat(path)
  if (uid === account.uid) return (mode & 0o100) !== 0
  if (gid === account.gid) return (mode & 0o010) !== 0
  return (mode & 0o001) !== 0
}

function ancestors(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...ancestors(parent), path]
}

function foreignFolder(home: string, owner: number, me: number): Error {
  return new Error(
    `${home} belongs to uid ${owner} and we are uid ${me}: start Muster as that user or as root, or set MUSTER_DATA_DIR to another folder.`,
  )
}
