/**
 * What every process of Muster needs around its work: the environment as one frozen config, logs on stderr, an orderly start and stop,
 * the frame of the two commands, the lock on a data folder, and the PostgreSQL that comes along. Knows nothing of mail.
 */
export * from './cli.js'
export * from './config/read-config.js'
export * from './config/render-config-reference.js'
export * from './data-lock.js'
export * from './logger.js'
export * from './postgres/embedded-postgres.js'
export * from './render-cli-reference.js'
export * from './run-service.js'
export * from './secret.js'
export * from './table.js'
export * from './wake-signal.js'
