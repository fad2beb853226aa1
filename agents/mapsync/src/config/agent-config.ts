import type { MapRef } from '@muster/domain'
import type { PinnedKey } from '@muster/maptree'
import type { SourceAddress } from './parse-source.js'

export const TARGET_KINDS = ['gdbm', 'userdb', 'text'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

/** One compiled map this host keeps. */
export interface TargetConfig {
  readonly map: string
  readonly ref: MapRef
  readonly target: TargetKind
  /** The file; for `userdb` the name that `.dat` and `shadow.dat` are put to. */
  readonly path: string
  /** A name or a number; null leaves what the file in use has. */
  readonly owner: string | null
  readonly group: string | null
  readonly mode: number
  /** Of userdbshadow.dat. */
  readonly shadowMode: number
}

/** When a map has lost more than this, both at once, it is refused. */
export interface ShrinkLimit {
  readonly share: number
  readonly entries: number
}

/** The whole of agent.json, checked and frozen. */
export interface AgentConfig {
  readonly host: string
  readonly stateDir: string
  /** Where reports go; null sends none. */
  readonly api: string | null
  readonly tokenFile: string | null
  readonly publisherKeys: readonly PinnedKey[]
  readonly source: SourceAddress
  readonly ssh: { readonly identityFile: string | null; readonly knownHostsFile: string | null }
  readonly shrinkLimit: ShrinkLimit
  readonly targets: readonly TargetConfig[]
}

/** GDBM files of Perdition are read by nobody; of userdb, only the shadow holds secrets; a passwd-file holds hashes. */
export const DEFAULT_MODES: Record<TargetKind, number> = { gdbm: 0o644, userdb: 0o644, text: 0o640 }
export const DEFAULT_SHADOW_MODE = 0o600
export const DEFAULT_SHRINK_LIMIT: ShrinkLimit = { share: 0.2, entries: 100 }
