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
import { EXIT_CODES } from '../exit-codes.js'

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
      const enrolled = await enroll(options)
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
  if (options.replace !== true && (await readFileIfAny(options.out)) !== null) {
    throw new CliFailure(EXIT_CODES.refused, 'config_exists', `${options.out} is there already.`, 'Say --replace to write it anew.')
  }
  const token = (await readFile(options.tokenFile, 'utf8')).trim()
  const client = createClient({ baseUrl: options.api, key: token })
  const maps = (await client.hosts.maps(options.host))?.items
  if (maps === undefined)
    throw new CliFailure(
      EXIT_CODES.refused,
      'host_not_found',
      `The directory has no host ${options.host}.`,
      'Put it first: muster hosts put.',
    )
  const pem = options.publisherKey === undefined ? await client.publisher.fetchPublicKey() : await readFile(options.publisherKey, 'utf8')
  const keyIds = parsePinnedKeys(pem).map((key) => key.keyId)
  const config = {
    host: options.host,
    stateDir: '/var/lib/muster-agent',
    api: options.api,
    tokenFile: options.tokenFile,
    publisherKey: pem,
    source: options.source ?? options.api,
    targets: planTargets(maps),
  }
  const parsed = parseConfig(config, () => pem)
  if (!parsed.ok) throw new CliFailure(EXIT_CODES.config_invalid, 'config_invalid', parsed.faults.join('\n'))
  await mkdir(dirname(options.out), { recursive: true, mode: 0o755 })
  await replaceFile(options.out, `${JSON.stringify(config, null, 2)}\n`, 0o644)
  return {
    config: options.out,
    host: options.host,
    maps: maps.map((m) => m.map),
    keyIds,
    keyFromApi: options.publisherKey === undefined,
  }
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
