/** What the API needs of the process's settings; packages/runtime reads them from the environment. */
export interface ApiConfig {
  readonly hashing: HashingConfig
}

export interface HashingConfig {
  readonly argon2: { readonly memoryKib: number; readonly passes: number; readonly lanes: number }
  readonly bcryptCost: number
  /** Passwords that may wait for a free core; one more is answered with 503. */
  readonly queueLength: number
}

/** A mailbox or a key is some hundred bytes; this leaves room for long names and nothing for mischief. */
export const BODY_LIMIT_BYTES = 64 * 1024
/** A thousand mailboxes with hashes, names and paths. */
export const IMPORT_BODY_LIMIT_BYTES = 2 * 1024 * 1024
