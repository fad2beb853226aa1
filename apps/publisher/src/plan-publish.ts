import { compareCursors, renderCursor, type Cursor, type MapRef } from '@muster/domain'

/** What decides how to go on from what is published. */
export interface PublishFacts {
  /** Where the last complete pass ended; null when that isn't known. */
  readonly published: Cursor | null
  /** The latest cursor that anything in the publish folder bears, a pass that was cut off included: hosts may have seen it. */
  readonly claimed: Cursor | null
  readonly head: Cursor
  /** Whether the directory's history holds `claimed`. */
  readonly holdsClaimed: boolean
}

export type PublishPlan =
  /** The directory's history is not the one that hosts have seen: nothing may be published before its lineage is higher. */
  | { readonly do: 'wait' }
  /** Render every map. */
  | { readonly do: 'whole' }
  /** Apply what was logged after this revision. */
  | { readonly do: 'patch'; readonly since: number }

export function planPublish(facts: PublishFacts): PublishPlan {
  const { published, claimed, head } = facts
  if (claimed !== null && head.lineage > claimed.lineage) return { do: 'whole' }
  if (claimed !== null && (compareCursors(head, claimed) < 0 || !facts.holdsClaimed)) return { do: 'wait' }
  if (published === null || published.lineage !== head.lineage) return { do: 'whole' }
  return { do: 'patch', since: published.revision }
}

/** The latest of some cursors; null of none. */
export function latestCursor(cursors: readonly Cursor[]): Cursor | null {
  return cursors.reduce<Cursor | null>((latest, c) => (latest === null || compareCursors(c, latest) > 0 ? c : latest), null)
}

export function sameCursor(a: Cursor | null, b: Cursor | null): boolean {
  return a === b || (a !== null && b !== null && renderCursor(a) === renderCursor(b))
}

/**
 * Whether changed mailstores make a map stale as a whole. A mailstore's address and root are in the lines of all its mailboxes, so its own
 * maps and those of all mailstores are; one that has no tree yet is new, and every mailbox on it is logged by itself.
 */
export function isStale(ref: MapRef, changedMailstores: readonly string[], known: (mailstore: string) => boolean): boolean {
  return changedMailstores.some((mailstore) => known(mailstore) && (ref.mailstore === null || ref.mailstore === mailstore))
}
