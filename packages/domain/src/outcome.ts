/** What a decision answers: the value, or a refusal that is data. Exceptions are for bugs and a broken world. */
export type Outcome<T, C extends string> = Accepted<T> | Refused<C>

export interface Accepted<T> {
  readonly ok: true
  readonly value: T
}

/**
 * A refusal. `code` is stable snake_case and may be matched on by callers; `subject` is the thing refused (an address, a name, a
 * field), and `detail` says in a sentence what to do about it. Neither ever holds a secret.
 */
export interface Refused<C extends string> {
  readonly ok: false
  readonly code: C
  readonly subject: string
  readonly detail: string
}

export function accept<T>(value: T): Accepted<T> {
  return { ok: true, value }
}

export function refuse<C extends string>(code: C, subject: string, detail = ''): Refused<C> {
  return { ok: false, code, subject, detail }
}
