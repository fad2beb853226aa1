/**
 * Map trees on disk, the same code at the publisher and at the agents: sorted text shards, the signed manifest that lists them, snapshots,
 * deltas, and the signed HEAD that says where each map stands. Knows files and keys; must never know HTTP, PostgreSQL or a daemon.
 *
 *     HEAD                                   signed: the directory's cursor, and each map's cursor and root
 *     <map>/MANIFEST                         signed: cursor, root, and each shard's bytes, SHA-256 and entries
 *     <map>/shards/00..ff                    sorted lines; a shard is replaced by rename, never written in place
 *     <map>/snapshots/<cursor>/              MANIFEST and shards/ as they were, by hard links
 *     <map>/deltas/<from>..<to>              puts and deletes between two cursors of this map
 *     <map>/.aside/                          the next state while it is being written
 */
export { compareKeys } from '@muster/maps'
export * from './adopt-tree.js'
export * from './compare.js'
export * from './delta.js'
export * from './delta-files.js'
export * from './fault.js'
export { listFolder, readFileIfAny, removeFolder, replaceFile, writeDurably } from './files.js'
export * from './head.js'
export * from './manifest.js'
export * from './patch-tree.js'
export * from './replace-tree.js'
export { digestOf, type Resealed, type Seal } from './seal.js'
export * from './shard.js'
export * from './signature.js'
export * from './snapshot.js'
export { manifestFile, treeSpec, type TreeSpec } from './spec.js'
export * from './spill.js'
export { recoverTree, type AtTreeStep, type TreeStep } from './stage.js'
export * from './tree.js'
export * from './verify-tree.js'
