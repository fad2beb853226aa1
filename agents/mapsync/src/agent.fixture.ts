import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSigningKey, type ShardCount } from '@muster/maptree'
import { createLogger } from '@muster/runtime'
import { parseConfig } from './config/parse-config.js'
import type { AgentConfig } from './config/agent-config.js'
import type { Guard } from './exit-codes.js'
import { GdbmFile } from './gdbm/gdbm-file.js'
import { makePublishedFolder, type PublishedFolder } from './published.fixture.js'
import { sync, type SyncResult } from './steps/sync.js'
import type { World } from './world.js'
import { realWorld } from './world.js'

/** An agent and a publish folder in a temporary folder of their own. */
export interface TestAgent {
  readonly folder: string
  readonly published: PublishedFolder
  readonly config: AgentConfig
  /** Where the compiled files lie: popmap.db, userdb.dat, userdbshadow.dat, dovecot-passwd. */
  path(name: string): string
  sync(options?: { force?: Guard[]; world?: Partial<World>; config?: Partial<AgentConfig> }): Promise<SyncResult>
  remove(): void
}

export const TARGETS = {
  popmap: (folder: string) => ({ map: 'popmap', target: 'gdbm', path: join(folder, 'popmap.db') }),
  userdb: (folder: string) => ({ map: 'userdb@ms1', target: 'userdb', path: join(folder, 'userdb') }),
  text: (folder: string) => ({ map: 'dovecot-passwd@ms1', target: 'text', path: join(folder, 'dovecot-passwd') }),
}

export function makeTestAgent(targets: readonly (keyof typeof TARGETS)[], shardCount: ShardCount = 1): TestAgent {
  const folder = makeTestFolder()
  const published = makePublishedFolder(join(folder, 'publish'), generateSigningKey(), shardCount)
  const config = configFor(folder, published, targets)
  return {
    folder,
    published,
    config,
    path: (name) => join(folder, name),
    sync: ({ force = [], world = {}, config: changes = {} } = {}) => sync({ ...config, ...changes }, testWorld(world), { force }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** In memory where that is possible: a tree has 256 shards, and each is fsynced. */
export function makeTestFolder(): string {
  return mkdtempSync(join(isWritable('/dev/shm') ? '/dev/shm' : tmpdir(), 'muster-agent-test-'))
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export function configFor(
  folder: string,
  published: Pick<PublishedFolder, 'folder' | 'publicKeyFile'>,
  targets: readonly (keyof typeof TARGETS)[],
  settings: Record<string, unknown> = {},
): AgentConfig {
  const parsed = parseConfig(
    {
      host: 'host1',
      stateDir: join(folder, 'state'),
      publisherKey: published.publicKeyFile,
      source: published.folder,
      targets: targets.map((target) => TARGETS[target](folder)),
      ...settings,
    },
    readText,
  )
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
  return parsed.config
}

function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

/** The real machine, without its waiting and without its log. */
export function testWorld(changes: Partial<World> = {}): World {
  return { ...realWorld(createLogger({ level: 'silent', name: 'test' })), sleep: async () => {}, ...changes }
}

/** Every entry of a GDBM file, looked up one by one. */
export function readGdbm(path: string): Map<string, string> {
  const file = GdbmFile.openReader(path)
  try {
    return new Map([...file.keys()].map((key) => [key.toString(), file.fetch(key)?.toString() ?? '']))
  } finally {
    file.close()
  }
}
