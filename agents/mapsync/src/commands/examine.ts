import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { createClient } from '@muster/client'
import { mapKinds } from '@muster/maps'
import { parseHead } from '@muster/maptree'
import type { AgentConfig, TargetConfig } from '../config/agent-config.js'
import { readToken } from '../config/load-config.js'
import { liveFiles } from '../config/parse-config.js'
import { carriesSecrets, parseSource, renderSource } from '../config/parse-source.js'
import { lookUpAccount } from '../files/accounts.js'
import { loadLibGdbm } from '../gdbm/libgdbm.js'
import { openSource } from '../sources/open-source.js'
import { HEAD_OLD_MS } from '../steps/pull.js'
import type { World } from '../world.js'
import type { Finding } from './doctor.js'

const ok = (what: string, detail: string): Finding => ({ level: 'ok', what, detail })
const advice = (what: string, detail: string): Finding => ({ level: 'advice', what, detail })
const fault = (what: string, detail: string): Finding => ({ level: 'fault', what, detail })
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A clock this far ahead of the publisher's or behind it makes every age wrong. */
const CLOCK_TOLERANCE_MS = 2 * 60_000

export function examineLibrary(): Finding {
  try {
    return ok('libgdbm', loadLibGdbm().version)
  } catch (error) {
    return fault('libgdbm', messageOf(error))
  }
}

/** Programs of other packages that the source needs. */
export function examinePrograms({ source }: AgentConfig): Finding[] {
  if (source.kind !== 'rsync') return []
  return ['rsync', ...(source.ssh ? ['ssh'] : [])].map((program) => {
    const { error } = spawnSync(program, [program === 'ssh' ? '-V' : '--version'])
    return error === undefined ? ok(program, 'installed') : fault(program, `cannot be started: ${error.message}`)
  })
}

export async function examineFiles(config: AgentConfig): Promise<Finding[]> {
  return [examineStateDir(config.stateDir), ...examineToken(config), ...config.targets.flatMap(examineTarget)]
}

function examineStateDir(stateDir: string): Finding {
  if (!existsSync(stateDir)) return ok('state folder', `${stateDir} is made by the first sync`)
  const problem = findAccess(stateDir, constants.R_OK | constants.W_OK | constants.X_OK)
  if (problem !== null) return fault('state folder', problem)
  const open = statSync(stateDir).mode & 0o077
  return open === 0
    ? ok('state folder', stateDir)
    : fault('state folder', `${stateDir} holds password hashes and others may look: chmod 700`)
}

function examineToken(config: AgentConfig): Finding[] {
  if (config.tokenFile === null) return []
  const problem = findAccess(config.tokenFile, constants.R_OK)
  if (problem !== null) return [fault('token', problem)]
  const open = statSync(config.tokenFile).mode & 0o077
  return [open === 0 ? ok('token', config.tokenFile) : advice('token', `${config.tokenFile} may be read by others: chmod 600`)]
}

function examineTarget(target: TargetConfig): Finding[] {
  const folder = dirname(target.path)
  const what = `${target.map} -> ${target.path}`
  const findings: Finding[] = []
  const problem = findAccess(folder, constants.W_OK | constants.X_OK)
  if (problem !== null) findings.push(fault(what, problem))
  for (const file of liveFiles(target)) {
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
      findings.push(fault(what, `${file} is a symbolic link; name the file itself`))
  }
  for (const [database, name] of [
    ['passwd', target.owner],
    ['group', target.group],
  ] as const) {
    const missing = name === null ? null : findAccount(database, name)
    if (missing !== null) findings.push(fault(what, missing))
  }
  const secretMode = target.target === 'userdb' ? target.shadowMode : target.mode
  if (mapKinds[target.ref.kind].secret && (secretMode & 0o007) !== 0)
    findings.push(advice(what, 'everyone on this machine may read the password hashes'))
  return findings.length > 0 ? findings : [ok(what, 'can be written')]
}

function findAccount(database: 'passwd' | 'group', name: string): string | null {
  try {
    lookUpAccount(database, name)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

function findAccess(path: string, mode: number): string | null {
  try {
    accessSync(path, mode)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Reads HEAD as a sync would: reachable, signed by a pinned key, fresh, naming our maps, and from a clock like ours. */
export async function examineSource(config: AgentConfig, world: World): Promise<Finding[]> {
  const name = renderSource(config.source)
  const open = config.targets.filter((t) => mapKinds[t.ref.kind].secret && !carriesSecrets(config.source))
  const insecure = open.map((t) => fault(t.map, `holds password hashes and is not fetched over ${name}`))
  try {
    const text = await openSource(config).readHead()
    const head = parseHead(text, config.publisherKeys, 'HEAD')
    const keys = config.publisherKeys.map((key) => key.keyId).join(', ')
    const ageMs = world.now().getTime() - head.issued.getTime()
    const missing = config.targets.filter((t) => !head.maps.some((m) => m.map === t.map))
    return [
      ...insecure,
      ok('source', name),
      ok('publisher key', `pinned: ${keys}`),
      examineAge(ageMs, head.issued),
      ...missing.map((t) => fault(t.map, 'is not published there')),
    ]
  } catch (error) {
    return [...insecure, fault('source', `${name}: ${messageOf(error)}`)]
  }
}

function examineAge(ageMs: number, issued: Date): Finding {
  if (ageMs < -CLOCK_TOLERANCE_MS)
    return fault('clock', `HEAD was issued at ${issued.toISOString()}, which is still to come: one of the two clocks is wrong`)
  if (ageMs > HEAD_OLD_MS)
    return advice('HEAD', `issued at ${issued.toISOString()}: the publisher stands, or one of the two clocks is wrong`)
  return ok('clock', 'agrees with the publisher')
}

/** The host's key opens its maps, hashes included. An http address of this very machine is the operator's to judge. */
function examineClearText(api: string): Finding[] {
  const address = parseSource(api)
  return address.ok ? [] : [advice('API', `${api} shows this host's key to everyone on the way; use https://`)]
}

export async function examineApi(config: AgentConfig): Promise<Finding[]> {
  if (config.api === null) return [advice('API', 'no api is configured: nobody sees where this host stands')]
  try {
    const maps = (await createClient({ baseUrl: config.api, key: readToken(config) }).hosts.maps(config.host))?.items
    if (maps === undefined) return [fault('API', `${config.api} knows no host ${config.host}`)]
    const named = new Set(config.targets.map((t) => t.map))
    const unused = maps
      .filter((m) => !named.has(m.map))
      .map((m) => advice(m.map, 'is a map of this host, and no target is configured for it'))
    return [ok('API', config.api), ...examineClearText(config.api), ...unused]
  } catch (error) {
    return [fault('API', messageOf(error))]
  }
}
