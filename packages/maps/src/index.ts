/**
 * Map kinds: one file a kind, each saying which keys and lines a mailbox has in it. Pure, no I/O, and so the same bytes everywhere.
 * A map is text, one entry a line, UTF-8, sorted by the bytes of its keys.
 */
export * from './map-kind.js'
