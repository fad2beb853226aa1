/**
 * Tests only: starts the real PostgreSQL, rsyncd, sshd and mail daemons on loopback addresses and in folders of their own, and stops
 * them without a trace. One file a daemon; `tools.ts` says which suites can run on this machine. Never imported by code that ships.
 */
export * from './tools.js'
export * from './postgres.js'
export * from './postgres-template.js'
export * from './bundle-script.js'
export * from './courier.js'
export * from './daemon-process.js'
export * from './dovecot.js'
export * from './perdition.js'
export * from './pop3-client.js'
export * from './rsyncd.js'
export * from './sshd.js'
