/**
 * The words of the directory and the rules it keeps, as pure functions: facts in, plan, outcome out. No I/O, no clock, no randomness;
 * imports nothing of this repository. Layout: a folder a noun, with `types`, `parse-*` (text to a checked value) and `plan-*` (decisions).
 */
export * from './address/parse-address.js'
export * from './brand.js'
export * from './customer/types.js'
export * from './directory.js'
export * from './domain/parse-domain-name.js'
export * from './domain/types.js'
export * from './host/plan-host-maps.js'
export * from './host/types.js'
export * from './key/types.js'
export * from './mailbox/password.js'
export * from './mailbox/plan-home.js'
export * from './mailbox/plan-import.js'
export * from './mailbox/plan-mailbox.js'
export * from './mailbox/types.js'
export * from './mailstore/types.js'
export * from './outcome.js'
export * from './revision/cursor.js'
export * from './state.js'
