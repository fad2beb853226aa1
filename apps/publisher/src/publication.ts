import type { Cursor } from '@muster/domain'
import {
  freezeSnapshot,
  manifestFile,
  pruneSnapshots,
  readFileIfAny,
  snapshotSpec,
  type SnapshotRetention,
  type Tree,
} from '@muster/maptree'
import type { FeedSnapshot } from '@muster/store'
import { sameCursor } from './plan-publish.js'
import { runPass, type PassSettings } from './publish-pass.js'
import { openPublished, removeMap, writeHead, writeState, type Published } from './published-folder.js'
import { RestorePending, type PublishedEvent } from './publisher.js'
import { writeRsyncdConfs } from './rsyncd-conf.js'

export interface PublicationSettings extends PassSettings {
  readonly clock: { now(): number }
  readonly snapshotIntervalMs: number
  readonly headIntervalMs: number
  readonly snapshots: SnapshotRetention
}

/** The publish folder in our hands, from its opening on. One call at a time; after one that threw, the folder is read anew. */
export class Publication {
  #published: Published
  #trusted = true
  #headIssuedMs: number | null = null
  readonly #frozenMs = new Map<string, number>()

  private constructor(
    readonly settings: PublicationSettings,
    published: Published,
  ) {
    this.#published = published
  }

  static async open(settings: PublicationSettings): Promise<Publication> {
    return new Publication(settings, await readFolder(settings))
  }

  get cursor(): Cursor | null {
    return this.#published.cursor
  }

  get trees(): readonly Tree[] {
    return [...this.#published.trees.values()]
  }

  get headIssuedMs(): number | null {
    return this.#headIssuedMs
  }

  /** Brings the folder to a snapshot of the directory. Throws RestorePending where the directory's history is another one. */
  async publish(snapshot: FeedSnapshot, whole: boolean): Promise<PublishedEvent> {
    if (!this.#trusted) this.#published = await readFolder(this.settings)
    this.#trusted = false
    const before = this.#published
    const pass = await runPass(snapshot, before, this.settings, whole)
    if (pass === null) {
      this.#trusted = true
      throw new RestorePending(before.claimed as Cursor, snapshot.head)
    }
    this.#published = { ...before, trees: pass.trees }
    await this.#announce(snapshot, pass.dropped)
    this.#published = { cursor: snapshot.head, claimed: snapshot.head, trees: pass.trees }
    this.#trusted = true
    return { cursor: snapshot.head, maps: pass.changed }
  }

  /** After the trees: snapshots, then who may read what, then HEAD, which names it all, then that this pass is behind us. */
  async #announce(snapshot: FeedSnapshot, dropped: readonly string[]): Promise<void> {
    const { publishDir, at } = this.settings
    await this.freezeDue()
    await at('snapshots-frozen')
    await writeRsyncdConfs(publishDir, await snapshot.hosts())
    await at('rsyncd-written')
    await this.#writeHead(snapshot.head)
    await at('head-written')
    if (!sameCursor(this.#published.cursor, snapshot.head)) await writeState(publishDir, snapshot.head)
    await at('state-written')
    for (const name of dropped) await removeMap(publishDir, name)
  }

  /** Renews HEAD when it is old: only to be called when the directory was seen to be where we are. */
  async renewHeadIfDue(): Promise<void> {
    const { cursor } = this.#published
    if (cursor !== null && this.#isDue(this.#headIssuedMs, this.settings.headIntervalMs)) await this.#writeHead(cursor)
  }

  async #writeHead(cursor: Cursor): Promise<void> {
    const now = this.settings.clock.now()
    await writeHead(this.settings.publishDir, this.settings.signingKey, cursor, this.trees, now)
    this.#headIssuedMs = now
  }

  /** Freezes the maps that changed since their last snapshot, each at most once in its interval. */
  async freezeDue(): Promise<void> {
    for (const tree of this.trees) {
      if (this.#isDue(this.#frozenMs.get(tree.spec.map) ?? null, this.settings.snapshotIntervalMs)) await this.#freeze(tree)
    }
  }

  async #freeze(tree: Tree): Promise<void> {
    const { clock, snapshots, at } = this.settings
    if (!(await freezeSnapshot(tree, at))) return
    const now = clock.now()
    this.#frozenMs.set(tree.spec.map, now)
    await pruneSnapshots(tree.spec, snapshots, now, at)
  }

  async ensureSnapshot(map: string, cursor: Cursor): Promise<boolean> {
    const tree = this.#published.trees.get(map)
    if (tree === undefined || !this.#trusted) return false
    if (sameCursor(tree.manifest.cursor, cursor)) await this.#freeze(tree)
    return (await readFileIfAny(manifestFile(snapshotSpec(tree.spec, cursor)))) !== null
  }

  /** A clock that was set back must not stop the work until it has caught up. */
  #isDue(lastMs: number | null, intervalMs: number): boolean {
    const elapsed = lastMs === null ? intervalMs : this.settings.clock.now() - lastMs
    return elapsed < 0 || elapsed >= intervalMs
  }
}

function readFolder(settings: PublicationSettings): Promise<Published> {
  return openPublished(settings.publishDir, settings.signingKey, settings.log, settings.at)
}
