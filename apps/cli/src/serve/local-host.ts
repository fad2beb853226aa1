import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Actor, Directory, Outcome } from '@muster/domain'
import { ALL_MAILSTORES, DEFAULT_GID, DEFAULT_UID } from '@muster/domain'
import { replaceFile } from '@muster/maptree'
import { hostFolder } from '../data-folder.js'
import { adoptKeyFile, writeNewKey } from './key-file.js'

export const LOCAL_HOST = 'local'
/** The mailstore of a fresh directory, so that a first mailbox has somewhere to be. */
export const FIRST_MAILSTORE = { name: 'ms1', host: '127.0.0.1', root: '/mail1' }

/**
 * The files of host `local`:
 *
 *     hosts/local/agent.json   its agent's configuration, written at every start
 *     hosts/local/agent-key    its key, 0600
 *     hosts/local/state/       the agent's own: staged trees, what is applied
 *     hosts/local/compiled/    popmap.db, userdb.dat, userdbshadow.dat, dovecot-passwd
 */
export interface LocalHost {
  readonly dir: string
  readonly configFile: string
  readonly keyFile: string
  readonly compiledDir: string
}

export function localHostAt(dataDir: string): LocalHost {
  const dir = hostFolder(dataDir, LOCAL_HOST)
  return { dir, configFile: join(dir, 'agent.json'), keyFile: join(dir, 'agent-key'), compiledDir: join(dir, 'compiled') }
}

/** Sees to it that this machine is in the directory: as proxy and mailstore, with all maps there are. Harmless to repeat. */
export async function ensureLocalHost(directory: Directory, local: LocalHost, actor: Actor): Promise<void> {
  await mkdir(local.compiledDir, { recursive: true })
  const known = await directory.getHost(LOCAL_HOST)
  if (known === null) {
    await seedMailstore(directory, actor)
    taken(await directory.putHost({ name: LOCAL_HOST, roles: ['proxy', 'mailstore'], mailstores: [ALL_MAILSTORES] }, actor))
  }
  if (await adoptKeyFile(directory, local.keyFile)) return
  await writeNewKey(directory, { file: local.keyFile, name: 'agent of host local', role: 'host', host: LOCAL_HOST }, actor)
}

async function seedMailstore(directory: Directory, actor: Actor): Promise<void> {
  const { items } = await directory.listMailstores({ limit: 1 })
  if (items.length > 0) return
  const request = { ...FIRST_MAILSTORE, port: null, uid: DEFAULT_UID, gid: DEFAULT_GID, state: 'open' } as const
  taken(await directory.putMailstore(request, actor))
}

/** `apiUrl` null: the agent sends no reports. */
export async function writeAgentConfig(local: LocalHost, publishDir: string, apiUrl: string | null): Promise<void> {
  const compiled = (name: string) => join(local.compiledDir, name)
  const config = {
    host: LOCAL_HOST,
    stateDir: join(local.dir, 'state'),
    api: apiUrl,
    tokenFile: local.keyFile,
    publisherKey: join(publishDir, 'publisher.pub'),
    source: publishDir,
    targets: [
      { map: 'popmap', target: 'gdbm', path: compiled('popmap.db') },
      { map: 'userdb', target: 'userdb', path: compiled('userdb') },
      { map: 'dovecot-passwd', target: 'text', path: compiled('dovecot-passwd') },
    ],
  }
  await replaceFile(local.configFile, `${JSON.stringify(config, null, 2)}\n`, 0o644)
}

function taken<T>(outcome: Outcome<T, string>): void {
  if (!outcome.ok) throw new Error(`Host ${LOCAL_HOST} could not be put into the directory: ${outcome.detail || outcome.code}`)
}
