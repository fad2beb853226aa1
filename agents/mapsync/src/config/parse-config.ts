import { HOST_NAME, parseMapName, type MapRef } from '@muster/domain'
import { parsePinnedKeys, type PinnedKey } from '@muster/maptree'
import {
  DEFAULT_MODES,
  DEFAULT_SHADOW_MODE,
  DEFAULT_SHRINK_LIMIT,
  TARGET_KINDS,
  type AgentConfig,
  type ShrinkLimit,
  type TargetConfig,
  type TargetKind,
} from './agent-config.js'
import { openFields, type Fields } from './fields.js'
import { parseSource, type SourceAddress } from './parse-source.js'

export type ParsedConfig =
  | { readonly ok: true; readonly config: AgentConfig }
  /** Every fault, each beginning with the setting's name. */
  | { readonly ok: false; readonly faults: readonly string[] }

/** Which map kinds a target can hold: the daemon's lookup decides it. */
const TARGET_HOLDS: Record<TargetKind, (ref: MapRef) => boolean> = {
  gdbm: (ref) => ref.kind === 'popmap',
  userdb: (ref) => ref.kind === 'userdb',
  text: () => true,
}

/** `readText` reads the file that `publisherKey` names when it is no PEM itself. */
export function parseConfig(value: unknown, readText: (path: string) => string): ParsedConfig {
  const faults: string[] = []
  const fields = openFields(value, '', faults)
  const config: AgentConfig = {
    host: fields.text('host', (t) => (HOST_NAME.test(t) ? null : 'must be a host name in lower case')),
    stateDir: fields.text('stateDir', absolutePath),
    api: fields.optionalText('api', (t) => (/^https?:\/\//.test(t) && URL.canParse(t) ? null : 'must be an http(s) URL, or null')),
    tokenFile: fields.optionalText('tokenFile', absolutePath),
    publisherKeys: parseKeys(fields, readText),
    source: parseSourceField(fields),
    ssh: parseSsh(fields.object('ssh')),
    shrinkLimit: parseShrinkLimit(fields.object('shrinkLimit')),
    targets: fields.list('targets').map(parseTarget),
  }
  fields.refuseUnknown()
  if ((config.api !== null || config.source.kind === 'http') && config.tokenFile === null) {
    fields.fault('tokenFile', 'is needed for the API and for an https source')
  }
  faults.push(...findClashes(config.targets))
  return faults.length === 0 ? { ok: true, config: Object.freeze(config) } : { ok: false, faults }
}

function absolutePath(text: string): string | null {
  if (!text.startsWith('/') || text.includes('\0')) return 'must be an absolute path'
  return text.endsWith('/') ? 'must not end with a slash' : null
}

function parseKeys(fields: Fields, readText: (path: string) => string): PinnedKey[] {
  const text = fields.text('publisherKey', (t) => (t.includes('BEGIN PUBLIC KEY') ? null : absolutePath(t)))
  if (text === '') return []
  try {
    return parsePinnedKeys(text.includes('BEGIN PUBLIC KEY') ? text : readText(text))
  } catch (error) {
    fields.fault('publisherKey', error instanceof Error ? error.message : String(error))
    return []
  }
}

function parseSourceField(fields: Fields): SourceAddress {
  const nowhere: SourceAddress = { kind: 'path', folder: '/' }
  const text = fields.text('source', (t) => {
    const source = parseSource(t)
    return source.ok ? null : source.detail
  })
  const source = parseSource(text)
  return source.ok ? source.value : nowhere
}

function parseSsh(fields: Fields | null): AgentConfig['ssh'] {
  const ssh = {
    identityFile: fields?.optionalText('identityFile', absolutePath) ?? null,
    knownHostsFile: fields?.optionalText('knownHostsFile', absolutePath) ?? null,
  }
  fields?.refuseUnknown()
  return ssh
}

function parseShrinkLimit(fields: Fields | null): ShrinkLimit {
  if (fields === null) return DEFAULT_SHRINK_LIMIT
  const limit = {
    share: fields.optionalNumber('share', DEFAULT_SHRINK_LIMIT.share, (n) => (n >= 0 && n <= 1 ? null : 'must lie between 0 and 1')),
    entries: fields.optionalNumber('entries', DEFAULT_SHRINK_LIMIT.entries, (n) => (n >= 0 ? null : 'must not be negative')),
  }
  fields.refuseUnknown()
  return limit
}

function parseTarget(fields: Fields): TargetConfig {
  const map = fields.text('map', (t) => (parseMapName(t) === null ? 'is not the name of a map' : null))
  const ref = parseMapName(map) ?? { kind: 'popmap', mailstore: null }
  const isKind = (t: string): t is TargetKind => TARGET_KINDS.some((kind) => kind === t)
  const target = fields.text('target', (t) => (isKind(t) ? null : `must be one of ${TARGET_KINDS.join(', ')}`))
  const kind: TargetKind = isKind(target) ? target : 'text'
  if (map !== '' && !TARGET_HOLDS[kind](ref)) fields.fault('target', `${kind} does not hold a ${ref.kind} map`)
  const account = (t: string) => (/^[\w.-]+\$?$/.test(t) ? null : 'must be the name or number of an account')
  const parsed = {
    map,
    ref,
    target: kind,
    path: fields.text('path', absolutePath),
    owner: fields.optionalText('owner', account),
    group: fields.optionalText('group', account),
    mode: fields.mode('mode', DEFAULT_MODES[kind]),
    shadowMode: fields.mode('shadowMode', DEFAULT_SHADOW_MODE),
  }
  if (kind !== 'userdb' && fields.raw('shadowMode') !== undefined) fields.fault('shadowMode', 'belongs to userdb targets only')
  fields.refuseUnknown()
  return parsed
}

/** Two targets that would write the same file. */
function findClashes(targets: readonly TargetConfig[]): string[] {
  const taken = new Map<string, number>()
  return targets.flatMap((target, i) =>
    liveFiles(target).flatMap((file) => {
      const other = taken.get(file)
      taken.set(file, i)
      return other === undefined || file === '' ? [] : [`targets[${i}].path: targets[${other}] writes ${file} too`]
    }),
  )
}

/** The files a target puts in place. */
export function liveFiles(target: Pick<TargetConfig, 'target' | 'path'>): string[] {
  return target.target === 'userdb' ? [`${target.path}.dat`, `${target.path}shadow.dat`] : [target.path]
}
