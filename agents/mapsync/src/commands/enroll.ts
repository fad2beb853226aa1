import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createClient } from '@muster/client'
import type { HostMap } from '@muster/contract'
import type { MapKindName } from '@muster/domain'
import { parsePinnedKeys, readFileIfAny, replaceFile } from '@muster/maptree'
import { answer, CliFailure, command } from '@muster/runtime'
import type { Command } from 'commander'
import type { TargetKind } from '../config/agent-config.js'
import { DEFAULT_CONFIG } from '../config/load-config.js'
import { parseConfig } from '../config/parse-config.js'
import { parseSource } from '../config/parse-source.js'
import { EXIT_CODES } from '../exit-codes.js'
import { withExitCode } from './frame.js'

interface Options {
  readonly api: string
  readonly host: string
  readonly tokenFile: string
  readonly publisherKey?: string
  readonly source?: string
  readonly out: string
  readonly replace?: boolean
}

interface TargetDefault {
  readonly target: TargetKind
  readonly path: string
  readonly group?: string
}

/** Where Debian's daemons look, by the kind of map. */
export const DEFAULT_TARGETS: Record<MapKindName, TargetDefault> = {
  popmap: { target: 'gdbm', path: '/etc/perdition/popmap.db' },
  userdb: { target: 'userdb', path: '/etc/courier/userdb' },
  'dovecot-passwd': { target: 'text', path: '/etc/dovecot/users', group: 'dovecot' },
}

export function enrollCommand(): Command {
  const made = command({
    name: 'enroll',
    summary: "Write this host's config from what the directory says of it, and pin the publisher's key.",
    examples: [
      ['muster-agent enroll --api https://muster.example.net --host pop1 --token-file /etc/muster-agent/token', 'maps over https'],
      ['muster-agent enroll ... --source rsync+ssh://muster@muster.example.net', 'maps over rsync'],
    ],
  })
  return made
    .requiredOption('--api <url>', 'the control plane')
    .requiredOption('--host <name>', 'the name of this host in the directory')
    .requiredOption('--token-file <file>', "the host's key (muster keys create --role host --host NAME), mode 0600")
    .option('--publisher-key <file>', "the publisher's public key, brought here by a way you trust; asked from the API without it")
    .option('--source <address>', 'where maps are fetched from; the API itself without it')
    .option('--out <file>', 'the config to write', DEFAULT_CONFIG)
    .option('--replace', 'overwrite a config that is there')
    .action(async (options: Options) => {
      const enrolled = await withExitCode(() => enroll(options))
      answer(made, enrolled, renderEnrolled(enrolled))
    })
}

export interface Enrolled {
  readonly config: string
  readonly host: string
  readonly maps: readonly string[]
  readonly keyIds: readonly string[]
  /** Whether the key came from the API, and so deserves a look. */
  readonly keyFromApi: boolean
}

export async function enroll(options: Options): Promise<Enrolled> {
  const { api, host, tokenFile, out } = options
  if (options.replace !== true && (await readFileIfAny(out)) !== null) {
    throw new CliFailure(EXIT_CODES.refused, 'config_exists', `${out} is there already.`, 'Say --replace to write it anew.')
  }
  requireSafeApi(api)
  const client = createClient({ baseUrl: api, key: (await readFile(tokenFile, 'utf8')).trim() })
  const maps = (await client.hosts.maps(host))?.items
  if (maps === undefined) {
    throw new CliFailure(EXIT_CODES.refused, 'host_not_found', `The directory has no host ${host}.`, 'Put it first: muster hosts put.')
  }
  const keyFromApi = options.publisherKey === undefined
  const publisherKey = keyFromApi ? await client.publisher.fetchPublicKey() : await readFile(options.publisherKey as string, 'utf8')
  const keyIds = parsePinnedKeys(publisherKey).map((key) => key.keyId)
  const source = options.source ?? api
  await writeConfig(out, { host, stateDir: '/var/lib/muster-agent', api, tokenFile, publisherKey, source, targets: planTargets(maps) })
  return { config: out, host, maps: maps.map((m) => m.map), keyIds, keyFromApi }
}

/** Before the host's key is sent anywhere: it opens maps with password hashes. */
function requireSafeApi(api: string): void {
  const address = parseSource(api)
  if (address.ok && address.value.kind === 'http') return
  throw new CliFailure(EXIT_CODES.usage, 'usage', `--api ${api}: ${address.ok ? 'Give https://HOST.' : address.detail}`)
}

/** Writes only what a sync will take. */
async function writeConfig(out: string, config: { publisherKey: string; [setting: string]: unknown }): Promise<void> {
  const parsed = parseConfig(config, () => config.publisherKey)
  if (!parsed.ok) throw new CliFailure(EXIT_CODES.config_invalid, 'config_invalid', parsed.faults.join('\n'))
  await mkdir(dirname(out), { recursive: true, mode: 0o755 })
  await replaceFile(out, `${JSON.stringify(config, null, 2)}\n`, 0o644)
}

/** Two mailstores on one host: each has files of its own, and its daemon is told which. */
export function planTargets(maps: readonly HostMap[]) {
  return maps.map(({ map, kind, mailstore }) => {
    const { path, ...target } = DEFAULT_TARGETS[kind]
    const alone = maps.filter((other) => other.kind === kind).length === 1
    return { map, ...target, path: alone || mailstore === null ? path : path.replace(/(\.db)?$/, `.${mailstore}$1`) }
  })
}

function renderEnrolled({ config, host, maps, keyIds, keyFromApi }: Enrolled): string {
  const compare = keyFromApi ? ' It came from the API: compare it with publisher.pub at the control plane.' : ''
  return [
    `${config} is written for ${host}: ${maps.join(', ') || 'no map, by its roles'}.`,
    `Pinned the publisher's key ${keyIds.join(', ')}.${compare}`,
    'Look the paths over, then run `muster-agent doctor`.',
  ].join('\n')
}
