import { ALL_MAILSTORES, mapName, planHostMaps, ROLES } from '@muster/domain'

/** What of a revision matters to maps. */
export interface TouchedRows {
  /** Whether a mailbox was logged. */
  readonly mailboxes: boolean
  /** Every mailstore that a logged mailbox was on, before or after. */
  readonly mailboxMailstores: readonly string[]
  /** Mailstores whose own row changed in a way that maps show. */
  readonly mailstores: readonly string[]
}

/**
 * The names of the maps that a revision may have changed, sorted: those that a host with every role would be given for all
 * mailstores, and those for the mailstores involved. May name a map in which the lines came out the same, never leaves one out.
 */
export function mapsTouched(rows: TouchedRows): string[] {
  if (!rows.mailboxes && rows.mailstores.length === 0) return []
  const involved = [...rows.mailboxMailstores, ...rows.mailstores]
  const refs = [...planHostMaps({ roles: ROLES, mailstores: [ALL_MAILSTORES] }), ...planHostMaps({ roles: ROLES, mailstores: involved })]
  return [...new Set(refs.map(mapName))].sort()
}
