import { compareCursors, parseCursor, renderCursor } from '@muster/domain'
import {
  freezeSnapshot,
  listSnapshots,
  pruneSnapshots,
  readTree,
  removeFolder,
  snapshotSpec,
  TreeError,
  type PinnedKey,
  type Tree,
  type TreeSpec,
} from '@muster/maptree'
import type { World } from '../world.js'

/** The tree that was applied at a cursor, from its snapshot; null when there is none, or none that can be trusted. */
export async function readKept(spec: TreeSpec, cursorText: string, pinned: readonly PinnedKey[]): Promise<Tree | null> {
  const cursor = parseCursor(cursorText)
  if (!cursor.ok) return null
  try {
    return await readTree(snapshotSpec(spec, cursor.value), pinned)
  } catch (error) {
    if (error instanceof TreeError) return null
    throw error
  }
}

/**
 * Keeps the applied tree as a snapshot, and of those before it the newest with another content: what changed is told from it, and a
 * rollback goes there. Costs hard links.
 */
export async function keepApplied(tree: Tree, pinned: readonly PinnedKey[], world: World): Promise<void> {
  const { spec, manifest } = tree
  // Nothing is too old to stay here: this removes what a killed run left half made.
  await pruneSnapshots(spec, { keep: Number.MAX_SAFE_INTEGER, keepMs: 0 }, world.now().getTime(), world.at)
  await freezeSnapshot(tree, world.at)
  const previous = await findPrevious(tree, pinned)
  const kept = new Set([manifest.cursor, ...(previous === null ? [] : [previous.manifest.cursor])].map(renderCursor))
  for (const cursor of await listSnapshots(spec)) {
    if (!kept.has(renderCursor(cursor))) await removeFolder(snapshotSpec(spec, cursor).dir)
  }
  await world.at('kept')
}

/** The newest snapshot before the applied tree with another content; null when there is none. */
export async function findPrevious(applied: Tree, pinned: readonly PinnedKey[]): Promise<Tree | null> {
  for (const cursor of (await listSnapshots(applied.spec)).toReversed()) {
    if (compareCursors(cursor, applied.manifest.cursor) >= 0) continue
    const tree = await readKept(applied.spec, renderCursor(cursor), pinned)
    if (tree !== null && tree.manifest.root !== applied.manifest.root) return tree
  }
  return null
}
