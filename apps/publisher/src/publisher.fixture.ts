import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mapName, type Actor, type Address, type DomainName, type MailboxRequest, type Outcome } from '@muster/domain'
import { mapKinds, renderMap, type MailboxRow } from '@muster/maps'
import { listFolder, parseHead, shardName, shardOf, type Head, type PinnedKey } from '@muster/maptree'
import { createLogger } from '@muster/runtime'
import { openStore, type Feed, type Store } from '@muster/store'
import { planMapSet } from './map-set.js'

export const actor: Actor = { keyId: 'k3yd0fb1ll1n', role: 'admin', requestId: 'req-1' }
export const silent = createLogger({ level: 'silent', name: 'test' })

export const address = (localpart: string): Address => `${localpart}@example.net` as Address

export function mailbox(localpart: string, more: Partial<MailboxRequest> = {}): MailboxRequest {
  const usual = { quotaBytes: null, quotaMessages: null, services: ['imap', 'pop3', 'smtp'], name: null, state: 'active' } as const
  const hashes = { argon2id: '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g', crypt: `$6$salt$${localpart}` }
  return { address: address(localpart), hashes, mailstore: 'ms1', ...usual, ...more }
}

export function must<T>(outcome: Outcome<T, string>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code} ${outcome.subject} ${outcome.detail}`)
  return outcome.value
}

export async function putMailstore(
  store: Store,
  name: string,
  more: { host?: string; port?: number | null; root?: string } = {},
): Promise<void> {
  const usual = { host: `${name}.example.net`, port: null, root: `/${name}`, uid: 5000, gid: 5000, state: 'open' } as const
  must(await store.directory.putMailstore({ name, ...usual, ...more }, actor))
}

/** One customer with example.net, and two mailstores. */
export async function openSite(databaseUrl: string): Promise<Store> {
  const store = await openStore({ databaseUrl })
  must(await store.directory.putCustomer({ customerId: 'C-1001', name: 'Example Ltd' }, actor))
  must(await store.directory.putDomain({ domain: 'example.net' as DomainName, customerId: 'C-1001' }, actor))
  for (const name of ['ms1', 'ms2']) await putMailstore(store, name)
  return store
}

/** Thousands of small files are written and fsynced: in memory where the machine has a file system there. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'muster-publish-'))
}

export async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder()
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Every shard's text as a render of the whole directory makes it, by `map/shard`: without any of the code that patches. */
export async function renderDirectory(feed: Feed): Promise<Map<string, string>> {
  return feed.withSnapshot(async (snapshot) => {
    const rows: MailboxRow[] = []
    for await (const page of snapshot.allMailboxRows()) rows.push(...page)
    const shards = new Map<string, string>()
    for (const ref of planMapSet(await snapshot.mailstoreNames())) {
      const kind = mapKinds[ref.kind]
      for (let i = 0; i < 256; i++) shards.set(`${mapName(ref)}/${shardName(i, 256)}`, '')
      const text = renderMap(
        kind,
        rows.filter((row) => ref.mailstore === null || row.mailstore === ref.mailstore),
      )
      for (const line of text.split('\n').slice(0, -1)) {
        const file = `${mapName(ref)}/${shardName(shardOf(kind.keyOfLine(line), 256), 256)}`
        shards.set(file, `${shards.get(file)}${line}\n`)
      }
    }
    return shards
  })
}

export async function readPublished(publishDir: string): Promise<Map<string, string>> {
  const files = await listShards(publishDir)
  const texts = await Promise.all(files.map((file) => readFile(pathOf(publishDir, file), 'utf8')))
  return new Map(files.map((file, i) => [file, texts[i] as string]))
}

async function listShards(publishDir: string): Promise<string[]> {
  const maps = await listMaps(publishDir)
  const names = await Promise.all(maps.map((map) => listFolder(join(publishDir, map, 'shards'))))
  return maps.flatMap((map, i) => (names[i] as string[]).map((name) => `${map}/${name}`))
}

const pathOf = (publishDir: string, file: string): string => join(publishDir, file.replace('/', '/shards/'))

export async function listMaps(publishDir: string): Promise<string[]> {
  const names = await listFolder(publishDir)
  return names.filter((name) => /^(userdb|popmap|dovecot-passwd)(@|$)/.test(name))
}

/** Inode and time of every shard, by `map/shard`. */
export async function inodesOf(publishDir: string): Promise<Map<string, string>> {
  const files = await listShards(publishDir)
  const stats = await Promise.all(files.map((file) => stat(pathOf(publishDir, file))))
  return new Map(files.map((file, i) => [file, `${stats[i]?.ino} ${stats[i]?.mtimeMs}`]))
}

export async function readHead(publishDir: string, pinned: readonly PinnedKey[]): Promise<Head> {
  return parseHead(await readFile(join(publishDir, 'HEAD'), 'utf8'), pinned, 'HEAD')
}

/** The files that are not the same in both, sorted. */
export function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((file) => a.get(file) !== b.get(file)).sort()
}
