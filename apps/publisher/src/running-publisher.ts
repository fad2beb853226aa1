import { setTimeout as sleep } from 'node:timers/promises'
import { renderCursor, type Cursor } from '@muster/domain'
import type { Manifest } from '@muster/maptree'
import { createWakeSignal, startLoop, type Loop } from '@muster/runtime'
import { sameCursor } from './plan-publish.js'
import type { Publication } from './publication.js'
import {
  RestorePending,
  type PublishedEvent,
  type Publisher,
  type PublisherOptions,
  type PublisherPhase,
  type PublisherState,
} from './publisher.js'
import { makeSerial } from './serial.js'
import { compareWithDirectory, verdictOf, verifyMapFiles, type MapVerdict, type Verification } from './verify-published.js'

const DAY_MS = 86_400_000
/** A failure that lasts is told again this often. */
const NAG_MS = 60_000
const MOST_REST_MS = 1_000

interface Comparison {
  readonly cursor: Cursor
  readonly manifests: readonly Manifest[]
  /** Number of differing shards by map; settles when the whole directory was rendered. */
  readonly differing: Promise<ReadonlyMap<string, number>>
}

/** The passes of one publisher over its folder, one at a time, from the start to stop(). */
export class RunningPublisher implements Publisher {
  readonly publications = createWakeSignal()
  readonly #options: PublisherOptions
  readonly #publication: Publication
  readonly #stopping: AbortController
  readonly #unlock: () => Promise<void>
  readonly #serial = makeSerial()
  readonly #loop: Loop
  readonly #waiting: (() => void)[] = []
  #phase: PublisherPhase = 'starting'
  #head: Cursor | null = null
  #failure: string | null = null
  #toldMs = 0
  /** Look into the directory even though its head has not moved. */
  #look = true
  /** Render everything: the first time, and when a verification found a difference. */
  #whole = false
  #restMs = 0
  #endedAt = 0
  #verifiedMs: number | null = null
  #verifying: Promise<void> | null = null

  constructor(options: PublisherOptions, publication: Publication, stopping: AbortController, unlock: () => Promise<void>) {
    this.#options = options
    this.#publication = publication
    this.#stopping = stopping
    this.#unlock = unlock
    const { intervalMs: everyMs = 1_000, log } = options
    this.#loop = startLoop({ name: 'publisher', everyMs, log, work: () => this.#pass() })
  }

  kick(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    const ended = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#loop.wake()
    return ended
  }

  publishedCursor(): Cursor | null {
    return this.#publication.cursor
  }

  state(): PublisherState {
    const { cursor: published, headIssuedMs } = this.#publication
    const headIssuedAt = headIssuedMs === null ? null : new Date(headIssuedMs)
    return { phase: this.#phase, published, head: this.#head, headIssuedAt, failure: this.#failure }
  }

  maps(): readonly Manifest[] {
    return this.#publication.trees.map((tree) => tree.manifest).sort((a, b) => (a.map < b.map ? -1 : 1))
  }

  ensureSnapshot(map: string, cursor: Cursor): Promise<boolean> {
    return this.#serial(() => this.#publication.ensureSnapshot(map, cursor))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.publications.close()
    await this.#loop.stop()
    await this.#verifying
    await this.#serial(async () => {})
    for (const resolve of this.#waiting.splice(0)) resolve()
    this.#phase = 'stopped'
    await this.#unlock()
  }

  async #pass(): Promise<void> {
    await this.#rest()
    const ended = this.#waiting.splice(0)
    const began = performance.now()
    try {
      await this.#serial(() => (this.#look || this.#whole ? this.#publish() : this.#glance()))
      this.#phase = 'current'
      this.#failure = null
      this.#verifyIfDue()
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#noteFailure(error)
    } finally {
      this.#restMs = Math.min(performance.now() - began, MOST_REST_MS)
      this.#endedAt = performance.now()
      for (const resolve of ended) resolve()
    }
  }

  /**
   * Writes that follow each other closely kick us after each. Whoever shares this process gets as much time as the last pass took, and what
   * comes in meanwhile is one pass; a single write never waits.
   */
  async #rest(): Promise<void> {
    const left = this.#endedAt + this.#restMs - performance.now()
    if (left > 0) await sleep(left, null, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  /** What most passes come to: the head has not moved. */
  async #glance(): Promise<void> {
    this.#head = await this.#options.feed.readHead()
    if (!sameCursor(this.#head, this.#publication.cursor)) return this.#publish()
    await this.#publication.freezeDue()
    await this.#publication.renewHeadIfDue()
  }

  async #publish(): Promise<void> {
    this.#look = true
    const isFirst = this.#publication.cursor === null
    const event = await this.#options.feed.withSnapshot((snapshot) => {
      this.#head = snapshot.head
      return this.#publication.publish(snapshot, this.#whole)
    })
    if (isFirst || this.#whole) this.#verifiedMs = this.#now()
    this.#look = false
    this.#whole = false
    this.#tell(event)
  }

  #tell({ cursor, maps }: PublishedEvent): void {
    if (maps.length === 0) return
    this.#options.log.info({ cursor: renderCursor(cursor), maps }, 'published')
    this.#options.onPublished?.({ cursor, maps })
    this.publications.notify()
  }

  #noteFailure(error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error)
    const isNews = failure !== this.#failure || this.#now() - this.#toldMs >= NAG_MS
    this.#phase = error instanceof RestorePending ? 'restore_pending' : 'failing'
    this.#look = true
    this.#failure = failure
    if (!isNews) return
    this.#toldMs = this.#now()
    if (error instanceof RestorePending) this.#options.log.error({ reason: failure }, 'restore pending: nothing is published')
    else this.#options.log.error({ err: error }, 'publishing failed; it will be tried again')
  }

  #verifyIfDue(): void {
    const { verifyIntervalMs = DAY_MS, log } = this.#options
    if (verifyIntervalMs === null || this.#verifying !== null) return
    if (this.#verifiedMs !== null && this.#now() - this.#verifiedMs < verifyIntervalMs) return
    this.#verifying = this.verifyPublished()
      .then(
        ({ cursor, sound }) => log.info({ cursor, sound }, 'published maps verified'),
        (error: unknown) => this.#stopping.signal.aborted || log.error({ err: error }, 'published maps could not be verified'),
      )
      .then(() => void (this.#verifying = null))
  }

  async verifyPublished(): Promise<Verification> {
    this.#verifiedMs = this.#now()
    const { cursor, manifests, differing } = await this.#serial(() => this.#startComparison())
    const verification = verdictOf(cursor, await this.#verifyFiles(manifests, await differing))
    if (!verification.sound) this.#mend(verification)
    return verification
  }

  /** Resolves once the trees are where a snapshot is; that stays open for the comparison, while others may publish what comes after it. */
  #startComparison(): Promise<Comparison> {
    const { feed, publishDir } = this.#options
    return new Promise((resolve, reject) => {
      const differing = feed.withSnapshot(async (snapshot) => {
        this.#tell(await this.#publication.publish(snapshot, false))
        const manifests = this.maps()
        resolve({ cursor: snapshot.head, manifests, differing })
        return compareWithDirectory(publishDir, snapshot, manifests, this.#stopping.signal)
      })
      differing.catch(reject)
    })
  }

  async #verifyFiles(manifests: readonly Manifest[], differing: ReadonlyMap<string, number>): Promise<MapVerdict[]> {
    const { publishDir, signingKey } = this.#options
    const verdicts: MapVerdict[] = []
    for (const { map, entries } of manifests) {
      this.#stopping.signal.throwIfAborted()
      const faults = await this.#serial(() => verifyMapFiles(publishDir, map, signingKey))
      verdicts.push({ map, entries, differingShards: differing.get(map) ?? 0, faults })
    }
    return verdicts
  }

  /** What the directory says is right: everything is rendered anew. */
  #mend({ cursor, maps }: Verification): void {
    const wrong = maps.filter((map) => map.differingShards > 0 || map.faults.length > 0)
    this.#options.log.error({ cursor, maps: wrong }, 'published maps are not what the directory says; rendering them anew')
    this.#whole = true
    void this.kick()
  }

  #now(): number {
    return this.#publication.settings.clock.now()
  }
}
