/**
 * Map kinds: one file a kind, each saying which keys and lines a mailbox has in it. Pure, no I/O, and so the same bytes everywhere.
 * A map is text, one entry a line, UTF-8, sorted by the bytes of its keys.
 */
export * from './compare-keys.js'
export * from './dovecot-passwd.js'
export * from './maildir-quota.js'
export * from './map-kind.js'
export * from './map-kinds.js'
export * from './popmap.js'
export * from './render-map.js'
export * from './userdb.js'
