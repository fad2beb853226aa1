/** admin does everything; auditor reads everything but secrets; host reads its own maps and sends its own reports. */
export const KEY_ROLES = ['admin', 'auditor', 'host'] as const
export type KeyRole = (typeof KEY_ROLES)[number]

/** An API key without its secret, which is shown once and stored hashed. */
export interface Key {
  readonly keyId: string
  readonly name: string
  readonly role: KeyRole
  /** The host a `host` key belongs to; null for the other roles. */
  readonly host: string | null
  readonly expiresAt: Date | null
  readonly createdAt: Date
}

/** Who asked for a write, as it is recorded in the log. */
export interface Actor {
  readonly keyId: string
  readonly role: KeyRole
  readonly requestId: string
}
