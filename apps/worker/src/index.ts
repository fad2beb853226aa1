/**
 * Durable work in the background of the directory. Every task reads what is true from PostgreSQL, may be cut off at any point, and is
 * harmless to do twice. It must never answer a request, and never touch a mail host.
 */
export * from './worker.js'
