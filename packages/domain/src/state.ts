/** What a customer, a domain or a mailbox is in. Suspended: nobody logs in, mail is still accepted. Closed: neither. */
export const STATES = ['active', 'suspended', 'closed'] as const
export type State = (typeof STATES)[number]

/** The strongest of several states: resuming a customer does not free a mailbox that was suspended for itself. */
export function strongestState(...states: readonly State[]): State {
  return states.reduce((a, b) => (STATES.indexOf(a) >= STATES.indexOf(b) ? a : b), 'active')
}

export const STATE_CHANGES = ['suspend', 'resume', 'close'] as const
export type StateChange = (typeof STATE_CHANGES)[number]

/** Suspending never weakens: what is closed stays closed. Resuming is the way back from both. */
export function planState(state: State, change: StateChange): State {
  if (change === 'resume') return 'active'
  return strongestState(state, change === 'suspend' ? 'suspended' : 'closed')
}
