import { mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cursor } from '@muster/domain'
import type { Entry } from '@muster/maps'
import * as fc from 'fast-check'
import { generateSigningKey, openSpill, replaceTree, type Resealed, type ShardCount, type Tree, type TreeSpec } from './index.js'

export const key = generateSigningKey()
export const pinned = [key]

/** A map of `key:value` lines. */
export function specIn(folder: string, shardCount: ShardCount = 256): TreeSpec {
  return { dir: join(folder, 'popmap'), map: 'popmap', keyOfLine: (line) => line.slice(0, line.indexOf(':')), secret: false, shardCount }
}

export function cursorAt(revision: number, lineage = 1): Cursor {
  return { lineage, revision, nonce: revision.toString(16).padStart(16, '0') }
}

export function lineOf(k: string, value: string): string {
  return `${k}:${value}`
}

export function entriesOf(content: ReadonlyMap<string, string>): Entry[] {
  return [...content].map(([k, value]) => ({ key: k, line: lineOf(k, value) }))
}

/** Renders the whole content into a tree, as a publisher's first start does. */
export async function render(
  spec: TreeSpec,
  content: ReadonlyMap<string, string>,
  revision: number,
  current: Tree | null = null,
): Promise<Resealed> {
  const spill = openSpill(spec, join(spec.dir, '..', 'spill'), 2_000)
  try {
    await spill.add(entriesOf(content))
    return await replaceTree(spec, current, spill.shards(), { cursor: cursorAt(revision), key, deltaLimit: 1_000 })
  } finally {
    await spill.discard()
  }
}

/** Keys whose order as keys is not the order of their lines, nor that of their UTF-16 units. */
export const anyKey = fc.oneof(
  fc.constantFrom('a', 'a.b', 'a!', 'a0', 'b', 'tevie@example.net', 'tevie@example.net.au', 'ä', '\u{1f600}', '\uffee', 'z'),
  fc.stringMatching(/^[a-z0-9.!#'+=@_-]{1,12}$/),
)
export const anyValue = fc.stringMatching(/^[a-z0-9:/|={}$ ]{0,20}$/)
/** A batch of changes as the publisher makes it: a value, or null to remove. */
export const anyBatch = fc.dictionary(anyKey, fc.option(anyValue), { maxKeys: 12 }).map((batch) => new Map(Object.entries(batch)))

export function applyToModel(model: Map<string, string>, batch: ReadonlyMap<string, string | null>): void {
  for (const [k, value] of batch) {
    if (value === null) model.delete(k)
    else model.set(k, value)
  }
}

export function toChanges(batch: ReadonlyMap<string, string | null>): Map<string, string | null> {
  return new Map([...batch].map(([k, value]) => [k, value === null ? null : lineOf(k, value)]))
}

/** Thousands of small files are written and fsynced: in memory where the machine has a file system there. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A folder of its own for `run`, gone afterwards. */
export async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratch, 'muster-tree-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
