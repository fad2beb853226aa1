import { renderCursor, type Cursor } from '@muster/domain'
import type { DeltaRetention, Manifest, SigningKey, SnapshotRetention } from '@muster/maptree'
import type { Logger, WakeSignal } from '@muster/runtime'
import type { Feed } from '@muster/store'
import type { AtPublishStep } from './steps.js'
import type { Verification } from './verify-published.js'

export interface PublisherOptions {
  readonly feed: Feed
  /** The folder that is served. Made if need be; locked, so that no second publisher writes it. */
  readonly publishDir: string
  readonly signingKey: SigningKey
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly clock?: { now(): number }
  /** How often the directory's head is asked for when nobody calls kick(); 1,000. */
  readonly intervalMs?: number
  /** How often at most a map is frozen for rsync; 5,000. */
  readonly snapshotIntervalMs?: number
  /** How old HEAD may become while the directory is in sight; 60,000. */
  readonly headIntervalMs?: number
  /** How often the trees are compared with a render of the whole directory, beginning with the start; a day. Null for never. */
  readonly verifyIntervalMs?: number | null
  readonly changeLimit?: number
  readonly deltaLimit?: number
  readonly deltas?: DeltaRetention
  readonly snapshots?: SnapshotRetention
  /** Called after each pass that changed something. */
  readonly onPublished?: (published: PublishedEvent) => void
  /** Where a test kills the process. */
  readonly at?: AtPublishStep
}

export interface PublishedEvent {
  readonly cursor: Cursor
  /** Names of the maps whose content became another, sorted. */
  readonly maps: readonly string[]
}

/** starting: no pass has ended yet. failing: the last one threw, and is tried again. restore_pending: see README.md. */
export type PublisherPhase = 'starting' | 'current' | 'failing' | 'restore_pending' | 'stopped'

export interface PublisherState {
  readonly phase: PublisherPhase
  /** What hosts are given now. */
  readonly published: Cursor | null
  /** The directory's head as last seen. */
  readonly head: Cursor | null
  /** When HEAD was last signed. */
  readonly headIssuedAt: Date | null
  /** Why the last pass failed; null when it did not. */
  readonly failure: string | null
}

export interface Publisher {
  /** Told after each pass that changed a map; closed when the publisher stops. */
  readonly publications: Pick<WakeSignal, 'next' | 'closed'>
  /** Looks at the directory at once. Resolves, and never rejects, when a pass that began after the call has ended, whatever its outcome. */
  kick(): Promise<void>
  publishedCursor(): Cursor | null
  state(): PublisherState
  /** Every map as it is published now, by name. */
  maps(): readonly Manifest[]
  /** Makes sure that the state of a map at a cursor can be read from its snapshots; false when that state is neither frozen nor current. */
  ensureSnapshot(map: string, cursor: Cursor): Promise<boolean>
  /** Publishes the head, then compares every tree with a fresh render of the directory, and its files with its manifest. */
  verifyPublished(): Promise<Verification>
  /** Ends after the pass under way. */
  stop(): Promise<void>
}

/** The database is not the one that hosts have seen; nothing is published until its lineage is higher. */
export class RestorePending extends Error {
  override readonly name = 'RestorePending'
  constructor(published: Cursor, head: Cursor) {
    super(
      `the directory is at ${renderCursor(head)} and its history lacks ${renderCursor(published)}, which hosts have seen: ` +
        `it was restored, or is another database. \`muster restore accept\` goes on with it, under a lineage above ${published.lineage}`,
    )
  }
}
