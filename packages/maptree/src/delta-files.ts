import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCursor, renderCursor, type Cursor } from '@muster/domain'
import { deltaFileName, parseDelta, type Delta } from './delta.js'
import { listFolder, readFileIfAny } from './files.js'
import type { TreeSpec } from './spec.js'

export interface DeltaName {
  readonly from: Cursor
  readonly to: Cursor
}

/** The file of the delta that starts at a cursor, or null. */
export async function findDelta(spec: Pick<TreeSpec, 'dir'>, from: Cursor): Promise<string | null> {
  const start = `${renderCursor(from)}..`
  const name = (await listFolder(deltasOf(spec))).find((n) => n.startsWith(start) && parseDeltaName(n) !== null)
  return name === undefined ? null : join(deltasOf(spec), name)
}

/** Null when there is none, or it is gone. */
export async function readDelta(spec: TreeSpec, from: Cursor): Promise<Delta | null> {
  const file = await findDelta(spec, from)
  const bytes = file === null ? null : await readFileIfAny(file)
  return file === null || bytes === null ? null : parseDelta(bytes, spec.keyOfLine, file)
}

/** The deltas that lead to a cursor without a gap, newest first. */
export async function listDeltas(spec: Pick<TreeSpec, 'dir'>, to: Cursor): Promise<DeltaName[]> {
  const byEnd = new Map<string, DeltaName>()
  for (const name of await listFolder(deltasOf(spec))) {
    const delta = parseDeltaName(name)
    if (delta !== null) byEnd.set(renderCursor(delta.to), delta)
  }
  const chain: DeltaName[] = []
  let end = renderCursor(to)
  for (let delta = byEnd.get(end); delta !== undefined; delta = byEnd.get(end)) {
    chain.push(delta)
    byEnd.delete(end)
    end = renderCursor(delta.from)
  }
  return chain
}

/** Which deltas stay: the newest `keep`, as far as they take no more than `keepBytes`. Looked at once there are `slack` too many. */
export interface DeltaRetention {
  readonly keep: number
  readonly keepBytes: number
  readonly slack: number
}

/** Removes what retention lets go, and whatever does not lead to the tree's cursor. */
export async function pruneDeltas(spec: Pick<TreeSpec, 'dir'>, cursor: Cursor, retention: DeltaRetention): Promise<void> {
  const names = await listFolder(deltasOf(spec))
  if (names.length <= retention.keep + retention.slack) return
  const kept = new Set<string>()
  let bytes = 0
  for (const { from, to } of (await listDeltas(spec, cursor)).slice(0, retention.keep)) {
    const name = deltaFileName(from, to)
    bytes += (await stat(join(deltasOf(spec), name))).size
    if (bytes > retention.keepBytes) break
    kept.add(name)
  }
  for (const name of names) {
    if (!kept.has(name)) await rm(join(deltasOf(spec), name), { recursive: true, force: true })
  }
}

function parseDeltaName(name: string): DeltaName | null {
  const [from, to] = name.split('..').map((text) => parseCursor(text))
  return from?.ok && to?.ok ? { from: from.value, to: to.value } : null
}

function deltasOf(spec: Pick<TreeSpec, 'dir'>): string {
  return join(spec.dir, 'deltas')
}
