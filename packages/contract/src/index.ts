/**
 * The shapes that cross a wire: what the REST API takes and answers, and what agents report. Pure data (JSON Schema made with
 * TypeBox) with the TypeScript type beside each; it must never hold a rule that needs the directory. Texts with a grammar of their
 * own (addresses, domains, paths, passwords) are plain strings here: `domain` parses them.
 */
export * from './change.js'
export * from './customer.js'
export * from './domain.js'
export * from './fields.js'
export * from './host.js'
export * from './import.js'
export * from './key.js'
export * from './mailbox.js'
export * from './mailstore.js'
export * from './problem.js'
export * from './report.js'
export * from './request-examples.js'
export * from './revision.js'
export * from './schema.js'
export * from './service.js'
export * from './shared-schemas.js'
