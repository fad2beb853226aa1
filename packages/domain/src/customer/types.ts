import type { State } from '../state.js'

/** Who pays. `customerId` is the billing system's own key: 1 to 64 of letters, digits, `.`, `_` and `-`; case counts. */
export interface Customer {
  readonly customerId: string
  readonly name: string
  readonly state: State
  readonly createdAt: Date
  readonly updatedAt: Date
  /** The revision that last changed this row; 0 only for rows older than the log. */
  readonly revision: number
}

export const CUSTOMER_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/
