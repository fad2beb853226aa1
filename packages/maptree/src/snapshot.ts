import { copyFile, link, rename, rm, stat } from 'node:fs/promises'
import { constants } from 'node:fs'
import { join } from 'node:path'
import { compareCursors, parseCursor, renderCursor, type Cursor } from '@muster/domain'
import { inParallel, isErrno, listFolder, makeFolder, readFileIfAny, removeFolder, syncFolder } from './files.js'
import { shardCountOf } from './manifest.js'
import { shardName } from './shard.js'
import { dirMode, manifestFile, type TreeSpec } from './spec.js'
import { noStop, type AtTreeStep } from './stage.js'
import type { Tree } from './tree.js'

/** Which snapshots stay: the newest `keep` whatever their age, and every one for `keepMs` after the next took its place, so that a slow reader can finish. */
export interface SnapshotRetention {
  readonly keep: number
  readonly keepMs: number
}

/** The folder of a snapshot: laid out as the map's own, so that a reader takes either for a tree. */
export function snapshotSpec(spec: TreeSpec, cursor: Cursor): TreeSpec {
  return { ...spec, dir: join(spec.dir, 'snapshots', renderCursor(cursor)) }
}

/**
 * Freezes the tree under its cursor by hard links: shards are replaced by rename and never written in place, so what a link names stays as
 * it is. Returns false when that snapshot is there already. A snapshot of the same cursor with another manifest (another signing key, or a
 * map that was rendered anew without a change in the directory) is replaced. The tree must not change meanwhile.
 */
export async function freezeSnapshot(tree: Tree, at: AtTreeStep = noStop): Promise<boolean> {
  const { spec, manifest } = tree
  const frozen = snapshotSpec(spec, manifest.cursor)
  if ((await readFileIfAny(manifestFile(frozen)))?.toString('utf8') === tree.manifestText) return false
  const snapshots = join(spec.dir, 'snapshots')
  const aside = join(snapshots, `.${renderCursor(manifest.cursor)}.new`)
  await rm(aside, { recursive: true, force: true })
  await makeFolder(join(aside, 'shards'), dirMode(spec))
  const count = shardCountOf(manifest)
  const names = manifest.shards.map((_, index) => join('shards', shardName(index, count)))
  await linkAll(spec.dir, aside, names)
  await linkAll(spec.dir, aside, ['MANIFEST'])
  await syncFolder(join(aside, 'shards'))
  await syncFolder(aside)
  await at('snapshot-linked')
  await removeFolder(frozen.dir)
  await rename(aside, frozen.dir)
  await syncFolder(snapshots)
  await at('snapshot-renamed')
  return true
}

function linkAll(from: string, to: string, names: readonly string[]): Promise<void> {
  return inParallel(names, (name) => linkOrCopy(join(from, name), join(to, name)))
}

/** Some file systems know no hard links (exFAT, some network shares): there a snapshot costs a copy. */
export async function linkOrCopy(from: string, to: string, makeLink: typeof link = link): Promise<void> {
  try {
    await makeLink(from, to)
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV')) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  }
}

/** The cursors frozen, oldest first. */
export async function listSnapshots(spec: Pick<TreeSpec, 'dir'>): Promise<Cursor[]> {
  const names = await listFolder(join(spec.dir, 'snapshots'))
  return names
    .map((name) => parseCursor(name))
    .flatMap((cursor) => (cursor.ok ? [cursor.value] : []))
    .sort(compareCursors)
}

/** Removes what retention lets go, and what a killed process left half made or half removed. `now` is in milliseconds. */
export async function pruneSnapshots(spec: TreeSpec, retention: SnapshotRetention, now: number, at: AtTreeStep = noStop): Promise<void> {
  const snapshots = join(spec.dir, 'snapshots')
  for (const name of await listFolder(snapshots)) {
    if (name.startsWith('.')) await rm(join(snapshots, name), { recursive: true, force: true })
  }
  const cursors = await listSnapshots(spec)
  for (const [index, cursor] of cursors.slice(0, Math.max(0, cursors.length - retention.keep)).entries()) {
    // Until the next one was there, readers were still sent to this one, however old it is.
    const next = snapshotSpec(spec, cursors[index + 1] ?? cursor)
    if (now - (await stat(next.dir)).mtimeMs < retention.keepMs) continue
    await removeFolder(snapshotSpec(spec, cursor).dir)
    await at('snapshot-pruned')
  }
}
