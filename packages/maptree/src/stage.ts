import { access, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inParallel, isErrno, listFolder, makeFolder, readFileIfAny, syncFiles, syncFolder, writeDurably } from './files.js'
import { shardName } from './shard.js'
import { dirMode, fileMode, manifestFile, type TreeSpec } from './spec.js'

/**
 * How a tree goes from one state to the next, whole: new shards, the delta and the new MANIFEST are written and fsynced into `.aside`, then
 * `.aside/MANIFEST` gets its name, and from there on the new state is certain: the files are renamed to their places, MANIFEST last. A
 * process killed before that instant leaves the old tree, one killed after it is finished by `recoverTree`. The MANIFEST beside the shards
 * therefore describes them whenever nobody is at work.
 */
export interface Stage {
  /** Writes one new shard aside; `commit` fsyncs it. */
  putShard(index: number, bytes: Buffer): Promise<void>
  /** Makes all of it the tree. 'forget': this step has no delta, so the earlier ones lead nowhere and go; 'keep': the content stays as it was. */
  commit(manifestText: string, delta: StagedDelta | 'forget' | 'keep'): Promise<void>
  /** Leaves the tree as it is. */
  abandon(): Promise<void>
}

export interface StagedDelta {
  readonly fileName: string
  readonly text: string
}

/** Where a test may kill the process. */
export type TreeStep =
  | 'shard-staged'
  | 'stage-complete'
  | 'stage-certain'
  | 'shard-renamed'
  | 'shards-renamed'
  | 'deltas-renamed'
  | 'manifest-renamed'
  | 'snapshot-linked'
  | 'snapshot-renamed'
  | 'snapshot-pruned'

/** Called between the steps that change the disk. */
export type AtTreeStep = (step: TreeStep) => void | Promise<void>
export const noStop: AtTreeStep = () => {}

const FORGET_DELTAS = 'forget-deltas'
const DELTA = 'delta.'

/** Begins anew: what an abandoned stage left is gone. Refuses where a certain one waits: the tree must be opened again first. */
export async function openStage(spec: TreeSpec, at: AtTreeStep = noStop): Promise<Stage> {
  const aside = asideOf(spec)
  if (await exists(join(aside, 'MANIFEST'))) throw new Error(`${aside} holds a state that is certain but not in place: open the tree again`)
  await rm(aside, { recursive: true, force: true })
  await makeFolder(aside, 0o700)
  const written: string[] = []
  return {
    putShard: async (index, bytes) => {
      const file = join(aside, shardName(index, spec.shardCount))
      await writeFile(file, bytes, { mode: fileMode(spec), flag: 'wx' })
      // A file without bytes has nothing to lose: syncing its folder is enough.
      if (bytes.length > 0) written.push(file)
      await at('shard-staged')
    },
    commit: async (manifestText, delta) => {
      await syncFiles(written)
      if (delta === 'forget') await writeDurably(join(aside, FORGET_DELTAS), '', 0o600)
      else if (delta !== 'keep') await writeDurably(join(aside, DELTA + delta.fileName), delta.text, fileMode(spec))
      await writeDurably(join(aside, 'MANIFEST.new'), manifestText, fileMode(spec))
      await syncFolder(aside)
      await at('stage-complete')
      await rename(join(aside, 'MANIFEST.new'), join(aside, 'MANIFEST'))
      await syncFolder(aside)
      await at('stage-certain')
      await finish(spec, at)
    },
    abandon: () => rm(aside, { recursive: true, force: true }),
  }
}

/**
 * Finishes a stage that was certain when its process ended, and removes one that was not. To be called by whoever has the folder's lock,
 * before reading the tree. Returns whether something was finished.
 */
export async function recoverTree(spec: TreeSpec, at: AtTreeStep = noStop): Promise<boolean> {
  const aside = asideOf(spec)
  if (await exists(join(aside, 'MANIFEST'))) {
    await finish(spec, at)
    return true
  }
  await rm(aside, { recursive: true, force: true })
  return false
}

/** Every step may have been done already by a process that was killed: each is only done where something is left to do. */
async function finish(spec: TreeSpec, at: AtTreeStep): Promise<void> {
  const aside = asideOf(spec)
  const staged = await listFolder(aside)
  await renameShards(spec, staged, at)
  await at('shards-renamed')
  await renameDeltas(spec, staged)
  await at('deltas-renamed')
  await rename(join(aside, 'MANIFEST'), manifestFile(spec))
  await syncFolder(spec.dir)
  await at('manifest-renamed')
  await rm(aside, { recursive: true, force: true })
}

async function renameShards(spec: TreeSpec, staged: readonly string[], at: AtTreeStep): Promise<void> {
  const shards = join(spec.dir, 'shards')
  await makeFolder(shards, dirMode(spec))
  const names = staged.filter((name) => /^[0-9a-f]{2,3}$/.test(name))
  await inParallel(names, async (name) => {
    await rename(join(asideOf(spec), name), join(shards, name))
    await at('shard-renamed')
  })
  // makeuserdb reads every file of the folder: one that the MANIFEST doesn't name, left by another shard count, must not be there.
  const named = await namedShards(spec)
  for (const name of await listFolder(shards)) if (!named.has(name)) await rm(join(shards, name), { recursive: true })
  await syncFolder(shards)
}

async function namedShards(spec: TreeSpec): Promise<Set<string>> {
  const text = (await readFileIfAny(join(asideOf(spec), 'MANIFEST')))?.toString('utf8') ?? ''
  return new Set([...text.matchAll(/^shard ([0-9a-f]+) /gm)].map((match) => match[1] as string))
}

async function renameDeltas(spec: TreeSpec, staged: readonly string[]): Promise<void> {
  const deltas = join(spec.dir, 'deltas')
  if (staged.includes(FORGET_DELTAS)) await rm(deltas, { recursive: true, force: true })
  const names = staged.filter((name) => name.startsWith(DELTA))
  if (names.length === 0) return
  await makeFolder(deltas, dirMode(spec))
  for (const name of names) await rename(join(asideOf(spec), name), join(deltas, name.slice(DELTA.length)))
  await syncFolder(deltas)
}

/** Beside the shards, not among them, and on the same file system as they are. */
function asideOf(spec: TreeSpec): string {
  return join(spec.dir, '.aside')
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
