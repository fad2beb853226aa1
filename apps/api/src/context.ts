import type { Directory } from '@muster/domain'
import type { WakeSignal } from '@muster/runtime'
import type { Passwords } from './passwords/passwords.js'
import type { PublishedMaps } from './revision-reach.js'

/** What routes are given. */
export interface RouteContext {
  readonly directory: Directory
  readonly passwords: Passwords
  /** Notified at each report that comes in here. */
  readonly reports: WakeSignal
  readonly clock: Clock
  /** Called after each committed write that changed something, with its revision: the publisher is woken by it. */
  readonly onCommit: (revision: number) => void
  readonly published: () => PublishedMaps | null
  readonly readiness: () => Promise<readonly ReadinessCheck[]>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
}

export interface ReadinessCheck {
  readonly name: string
  readonly ready: boolean
  /** What is wrong, for an operator; empty when ready. */
  readonly detail: string
}
