/**
 * `muster-agent`: keeps a mail host's lookup databases in step with what the publisher signs. One round is
 *
 *     BOOT -> PULL -> STAGE (tree) -> COMPILE (aside) -> PROBE (the daemon's own library) -> SWAP -> SETTLE -> REPORT
 *
 * A reader of a compiled file finds the old one or the new one, whole, at every instant; whatever goes wrong, the last good one stays.
 * Knows no PostgreSQL and no app. In the state folder:
 *
 *     state.json                         highest cursors, what is applied, failures, pins
 *     trees/<map>/MANIFEST, shards/      the staged tree, laid out as the publisher's
 *     trees/<map>/snapshots/<cursor>/    the applied tree, and the one applied before it
 *     incoming/<map>/                    shards on their way; an interrupted pull goes on here
 *     muster.lock                        held while a command works
 */
export * from './config/agent-config.js'
export { loadConfig } from './config/load-config.js'
export { parseConfig } from './config/parse-config.js'
export * from './exit-codes.js'
export { AgentFault, type StepName } from './fault.js'
export { GdbmError, GdbmFile } from './gdbm/gdbm-file.js'
export { readStamps } from './files/stamp.js'
export { openTarget } from './targets/open-target.js'
export type { Target } from './targets/target.js'
export type { EntryChange } from './targets/tree-changes.js'
export { sync, type SyncResult } from './steps/sync.js'
export type { MapResult } from './steps/sync-map.js'
export { realWorld, type SyncPoint, type World } from './world.js'
