import type { State } from '../state.js'
import type { DomainName } from './parse-domain-name.js'

export interface Domain {
  readonly domain: DomainName
  readonly customerId: string
  /** The domain's own state; `status` is the stronger of it and the customer's. */
  readonly state: State
  readonly status: State
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly revision: number
}
