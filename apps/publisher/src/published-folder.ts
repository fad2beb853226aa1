import { join } from 'node:path'
import { parseCursor, renderCursor, type Cursor } from '@muster/domain'
import {
  listFolder,
  openTree,
  parseHead,
  readFileIfAny,
  removeFolder,
  renderHead,
  renderPublicKey,
  replaceFile,
  shardCountOf,
  TreeError,
  type AtTreeStep,
  type SigningKey,
  type Tree,
} from '@muster/maptree'
import type { Logger } from '@muster/runtime'
import { parsePublishedMap } from './map-set.js'
import { latestCursor } from './plan-publish.js'

/** What the publish folder says of itself: the only memory a publisher has. */
export interface Published {
  /** From publisher.json, the last thing that a pass writes. */
  readonly cursor: Cursor | null
  readonly claimed: Cursor | null
  /** By name; maps whose tree is missing or can't be trusted are not among them. */
  readonly trees: ReadonlyMap<string, Tree>
}

export const SCRATCH = '.scratch'

/** Finishes or clears away what a killed publisher left, and reads the rest. To be called under the folder's lock. */
export async function openPublished(publishDir: string, key: SigningKey, log: Logger, at: AtTreeStep): Promise<Published> {
  const trees = new Map<string, Tree>()
  for (const name of await listFolder(publishDir)) {
    const tree = await openMap(publishDir, name, key, log, at)
    if (tree !== null) trees.set(name, tree)
  }
  const cursor = await readState(publishDir)
  const head = await readHeadCursor(publishDir, key)
  const seen = [cursor, head, ...[...trees.values()].map((tree) => tree.manifest.cursor)]
  return { cursor, claimed: latestCursor(seen.filter((c) => c !== null)), trees }
}

/** A tree that isn't as we signed it is made anew: what it should hold is in the directory. */
async function openMap(publishDir: string, name: string, key: SigningKey, log: Logger, at: AtTreeStep): Promise<Tree | null> {
  const map = parsePublishedMap(publishDir, name)
  if (map === null) return null
  try {
    const tree = await openTree(map.spec, [key], at)
    return tree !== null && shardCountOf(tree.manifest) === map.spec.shardCount ? tree : null
  } catch (error) {
    if (!(error instanceof TreeError)) throw error
    log.error({ map: name, fault: error.fault }, 'published tree cannot be used; it will be rendered anew')
    return null
  }
}

const stateFile = (publishDir: string) => join(publishDir, 'publisher.json')
const headFile = (publishDir: string) => join(publishDir, 'HEAD')

async function readState(publishDir: string): Promise<Cursor | null> {
  const text = (await readFileIfAny(stateFile(publishDir)))?.toString('utf8')
  const match = text === undefined ? null : /^\{"format":1,"cursor":"([^"]*)"\}\n$/.exec(text)
  const cursor = parseCursor(match?.[1] ?? '')
  return cursor.ok ? cursor.value : null
}

/** The last step of a pass: from here on it is behind us. */
export async function writeState(publishDir: string, cursor: Cursor): Promise<void> {
  await replaceFile(stateFile(publishDir), `{"format":1,"cursor":"${renderCursor(cursor)}"}\n`, 0o640)
}

async function readHeadCursor(publishDir: string, key: SigningKey): Promise<Cursor | null> {
  const text = (await readFileIfAny(headFile(publishDir)))?.toString('utf8')
  if (text === undefined) return null
  try {
    return parseHead(text, [key], headFile(publishDir)).cursor
  } catch (error) {
    if (error instanceof TreeError) return null
    throw error
  }
}

/** Says where every map stands, as of `nowMs`. */
export async function writeHead(publishDir: string, key: SigningKey, cursor: Cursor, trees: Iterable<Tree>, nowMs: number): Promise<void> {
  const maps = [...trees].map(({ manifest }) => ({ map: manifest.map, cursor: manifest.cursor, root: manifest.root }))
  await replaceFile(headFile(publishDir), renderHead({ cursor, issued: new Date(nowMs), maps }, key), 0o640)
}

/** The key that agents pin. A different one from before is worth a loud word: hosts that don't know it will refuse everything. */
export async function writePublicKey(publishDir: string, key: SigningKey, log: Logger): Promise<void> {
  const file = join(publishDir, 'publisher.pub')
  const before = (await readFileIfAny(file))?.toString('utf8')
  const pem = renderPublicKey(key)
  if (before === pem) return
  if (before !== undefined) log.warn({ keyId: key.keyId }, 'signing key changed: hosts accept maps once they pin the new publisher.pub')
  await replaceFile(file, pem, 0o644)
}

/** Takes away the map of a mailstore that is gone. */
export async function removeMap(publishDir: string, name: string): Promise<void> {
  await removeFolder(join(publishDir, name))
}
