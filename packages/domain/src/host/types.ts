export const ROLES = ['mx', 'proxy', 'mailstore', 'smarthost', 'webmail', 'radius'] as const
export type Role = (typeof ROLES)[number]

/** A machine of the cluster. `name` never changes: 1 to 63 of a-z 0-9 . and -, beginning with a letter or digit. */
export interface Host {
  readonly name: string
  readonly roles: readonly Role[]
  /** The mailstores this host serves; `['*']` is all of them. Empty unless the host has the role mailstore. */
  readonly mailstores: readonly string[]
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly revision: number
}

export const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/
export const ALL_MAILSTORES = '*'
