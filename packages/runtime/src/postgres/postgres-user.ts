import { execFile } from 'node:child_process'
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresBinaries } from './binaries.js'

const run = promisify(execFile)

/**
 * Whom the server runs as; PostgreSQL refuses to be root.
 * - `self`: as we are, not root.
 * - `account`: we are root, and it runs as another account, which then owns its files.
 * - `namespace`: we are root, and it runs in a user namespace where our files look like those of an ordinary account. It still may do
 *   what the owner of root's files may, so an account of its own comes first; but it works where no other account may look (/root).
 */
export type PostgresUser =
  | { readonly kind: 'self' }
  | { readonly kind: 'account'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace'; readonly uid: number; readonly gid: number }

interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Chooses by who owns the files that exist already, so that a data folder is always used in the way it was made. */
export async function planPostgresUser(home: string, binaries: PostgresBinaries): Promise<PostgresUser> {
  const owner = await ownerOf(home)
  const me = process.geteuid?.() ?? 0
  if (me !== 0) {
    if (owner !== null && owner.uid !== me) throw foreignFolder(home, owner.uid, me)
    return { kind: 'self' }
  }
  if (owner?.uid === 0) return planNamespace(home, null)
  if (owner !== null) {
    const blocked = await firstUnreachable(owner, home, binaries)
    if (blocked !== null) throw unreachable(home, owner.uid, blocked)
    return { kind: 'account', ...owner }
  }
  const account = await postgresAccount()
  if (account === null) return planNamespace(home, 'there is no account `postgres`, and useradd could not add it')
  const blocked = await firstUnreachable(account, home, binaries)
  if (blocked === null) return { kind: 'account', uid: account.uid, gid: account.gid }
  return planNamespace(home, `the account \`postgres\` may not pass ${blocked}`)
}

/** The command line and options that run a program as that user. The process keeps the pid that spawn gives. */
export function commandAs(user: PostgresUser, program: string, args: readonly string[]): { file: string; args: string[] } {
  if (user.kind !== 'namespace') return { file: program, args: [...args] }
  return { file: 'unshare', args: ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--', program, ...args] }
}

export function identityOf(user: PostgresUser): { uid?: number; gid?: number } {
  return user.kind === 'account' ? { uid: user.uid, gid: user.gid } : {}
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

async function postgresAccount(): Promise<Account | null> {
  const known = await findAccount('postgres')
  if (known !== null) return known
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
    // A read-only /etc or a system without useradd: the namespace is still there.
  }
  return findAccount('postgres')
}

async function findAccount(name: string): Promise<Account | null> {
  return (await readAccounts()).find((account) => account.name === name) ?? null
}

async function readAccounts(): Promise<Account[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/** The namespace needs an id that has a name, or initdb cannot tell who it is; which one does not matter. */
async function planNamespace(home: string, whyNotAccount: string | null): Promise<PostgresUser> {
  const accounts = await readAccounts()
  const named = ['postgres', 'daemon', 'nobody'].map((name) => accounts.find((account) => account.name === name && account.uid > 0))
  const mapped = named.find((account) => account !== undefined) ?? { uid: 1, gid: 1 }
  const user = { kind: 'namespace', uid: mapped.uid, gid: mapped.gid } as const
  const probe = commandAs(user, '/bin/true', [])
  try {
    await run(probe.file, probe.args)
    return user
  } catch (cause) {
    const account = whyNotAccount ?? `its files in ${home} belong to root`
    throw new Error(
      `PostgreSQL does not run as root, and no other way is open: ${account}; and user namespaces are not allowed here. ` +
        'Start Muster as an ordinary user, or set MUSTER_DATA_DIR to a folder that every account may pass, such as /var/lib/muster, ' +
        'or set MUSTER_DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    )
  }
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

function unreachable(home: string, owner: number, blocked: string): Error {
  return new Error(
    `${home} belongs to uid ${owner}, which may not pass ${blocked}: allow it (chmod o+x ${blocked}), ` +
      `or hand the files to root (chown -R root:root ${home}).`,
  )
}
