import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { secret, type Secret } from '../secret.js'
import type { OptionalVariable, Variable } from './variable.js'
import { VARIABLES, type VariableName } from './variables.js'

/** The settings of a process: read once at its start, whole, and handed down frozen. */
export type Config = ReturnType<typeof derive>

/** One variable that cannot be used, and what to do about it. Never holds the value of a secret. */
export interface ConfigFault {
  readonly variable: string
  readonly problem: string
}

/** Everything that is wrong with the environment at once. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly ConfigFault[]) {
    super(faults.map((fault) => `${fault.variable}: ${fault.problem}`).join('\n'))
    this.name = 'ConfigError'
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads the environment against VARIABLES. Paths are relative to the working folder. Throws ConfigError with every fault. */
export function readConfig(env: Environment = process.env): Config {
  const faults: ConfigFault[] = []
  const values: Record<string, unknown> = {}
  for (const [name, variable] of Object.entries(VARIABLES) as [VariableName, Variable<unknown>][]) {
    const found = readVariable(env, name, variable)
    if ('problem' in found) faults.push({ variable: found.variable, problem: found.problem })
    else values[name] = found.value
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return freeze(derive(values as Values, unknownVariables(env)))
}

/** Only a variable without a fallback can be absent, and its factory says so in its type. */
type Parsed<V> = V extends OptionalVariable<infer T> ? T | null : V extends Variable<infer T> ? T : never
type Values = { readonly [N in VariableName]: Parsed<(typeof VARIABLES)[N]> }

function derive(v: Values, unknown: readonly string[]) {
  return {
    dataDir: resolve(v.MUSTER_DATA_DIR),
    bind: v.MUSTER_BIND,
    port: v.MUSTER_PORT,
    database: { url: asSecret(v.MUSTER_DATABASE_URL), poolSize: v.MUSTER_DATABASE_POOL },
    quarantineDays: v.MUSTER_QUARANTINE_DAYS,
    logLevel: v.MUSTER_LOG_LEVEL,
    shutdownMs: v.MUSTER_SHUTDOWN_SECONDS * 1_000,
    hashing: {
      argon2: { memoryKib: v.MUSTER_ARGON2_MEMORY_KIB, passes: v.MUSTER_ARGON2_PASSES, lanes: v.MUSTER_ARGON2_LANES },
      bcryptCost: v.MUSTER_BCRYPT_COST,
      queueLength: v.MUSTER_HASH_QUEUE,
    },
    publisher: {
      intervalMs: v.MUSTER_POLL_SECONDS * 1_000,
      snapshotIntervalMs: v.MUSTER_SNAPSHOT_SECONDS * 1_000,
      snapshots: { keep: v.MUSTER_SNAPSHOTS_KEPT, keepMs: v.MUSTER_SNAPSHOT_KEEP_SECONDS * 1_000 },
    },
    api: { url: v.MUSTER_API_URL, key: asSecret(v.MUSTER_API_KEY) },
    /** Variables that begin with MUSTER_ and mean nothing to us: worth a warning, since one of them may be a slip of the pen. */
    unknownVariables: unknown,
  } as const
}

type Found = { value: unknown } | ConfigFault

function readVariable(env: Environment, name: VariableName, variable: Variable<unknown>): Found {
  const file = variable.secret ? env[`${name}_FILE`] : undefined
  if (file && env[name]) return { variable: name, problem: `is set, and so is ${name}_FILE: unset one of them.` }
  if (file) return readSecretFile(name, file, variable)
  const text = env[name] || variable.fallback
  return text === null ? { value: null } : check(name, text, variable)
}

function readSecretFile(name: VariableName, file: string, variable: Variable<unknown>): Found {
  try {
    return check(`${name}_FILE`, readFileSync(file, 'utf8').trim(), variable)
  } catch (error) {
    return { variable: `${name}_FILE`, problem: `names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).` }
  }
}

function check(shownAs: string, text: string, variable: Variable<unknown>): Found {
  const value = variable.parse(text)
  if (value !== undefined) return { value }
  const shown = variable.secret ? 'what it holds' : JSON.stringify(text)
  return { variable: shownAs, problem: `does not take ${shown}: give ${variable.accepts}.` }
}

function asSecret(text: string | null): Secret | null {
  return text === null ? null : secret(text)
}

function unknownVariables(env: Environment): string[] {
  const known = new Set(Object.entries(VARIABLES).flatMap(([name, variable]) => (variable.secret ? [name, `${name}_FILE`] : [name])))
  return Object.keys(env).filter((name) => name.startsWith('MUSTER_') && !known.has(name))
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
