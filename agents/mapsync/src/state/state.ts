import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseCursor, renderCursor, type Cursor } from '@muster/domain'
import { readFileIfAny, replaceFile } from '@muster/maptree'
import type { FaultCode } from '../exit-codes.js'
import type { StepName } from '../fault.js'

/**
 * What the agent remembers between runs, in `state.json`. Only hints live here: what is compiled is found again from the files
 * themselves, so a lost or old state costs work, except for `highest`, below which the host does not go back.
 */
export interface AgentState {
  readonly version: 1
  /** The last HEAD whose signature was good. */
  head: { readonly cursor: string; readonly issued: string; readonly seenAt: string } | null
  maps: Record<string, MapState>
  /** By path of the target. */
  targets: Record<string, TargetState>
}

export interface MapState {
  /** The highest cursor whose tree was staged. */
  highest: string | null
  failure: MapFailure | null
  /** Set by a rollback: the cursor to stay at, until `rollback --unpin`. */
  pinned: { readonly cursor: string; readonly at: string } | null
}

export interface MapFailure {
  /** The published state that failed; null where it could not even be read. */
  readonly root: string | null
  readonly step: StepName
  readonly code: FaultCode
  readonly reason: string
  readonly count: number
  readonly firstAt: string
  readonly lastAt: string
  /** Not tried again before; null tries at every run. */
  readonly retryAt: string | null
}

export interface TargetState {
  readonly cursor: string
  readonly root: string
  readonly entries: number
  /** Entries in each of the target's files. */
  readonly counts: readonly number[]
  readonly stamps: readonly FileStamp[]
  /** The size each file had when it was last built whole; patches make it grow. Absent where no patch was made since. */
  readonly builtBytes?: readonly number[]
  readonly appliedAt: string
  /** When the files were last compared whole with their tree. */
  readonly wholeAt: string
}

/** Tells a file that we put in place from one that somebody else did, without reading it. */
export interface FileStamp {
  readonly inode: string
  readonly bytes: number
  readonly mtimeNs: string
}

const EMPTY_MAP: MapState = { highest: null, failure: null, pinned: null }

export function mapState(state: AgentState, map: string): MapState {
  return (state.maps[map] ??= { ...EMPTY_MAP })
}

export function highestOf(state: MapState): Cursor | null {
  const cursor = state.highest === null ? null : parseCursor(state.highest)
  return cursor?.ok ? cursor.value : null
}

export function raiseHighest(state: MapState, cursor: Cursor): void {
  state.highest = renderCursor(cursor)
}

export function stateFile(stateDir: string): string {
  return join(stateDir, 'state.json')
}

/** The state folder holds password hashes: nobody else may look. */
export function makeStateDir(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
}

/** What is remembered; a file that can't be read as JSON is as good as none, and `isDamaged` tells it from none. */
export async function readState(stateDir: string): Promise<AgentState> {
  const state = parseState(await readFileIfAny(stateFile(stateDir))) ?? { version: 1, head: null, maps: {}, targets: {} }
  if (state.version !== 1) throw new Error(`${stateFile(stateDir)} was written by another version of muster-agent`)
  return state
}

export async function isDamaged(stateDir: string): Promise<boolean> {
  const bytes = await readFileIfAny(stateFile(stateDir))
  return bytes !== null && parseState(bytes) === null
}

function parseState(bytes: Buffer | null): AgentState | null {
  try {
    const state = JSON.parse(bytes?.toString('utf8') ?? '') as AgentState | null
    return typeof state === 'object' ? state : null
  } catch {
    return null
  }
}

export async function writeState(stateDir: string, state: AgentState): Promise<void> {
  await replaceFile(stateFile(stateDir), `${JSON.stringify(state, null, 2)}\n`, 0o600)
}
