export * from './postgres/embedded-postgres.js'
