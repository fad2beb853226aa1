import { integer, oneOf, optionalUrl, secretText, text } from './variable.js'

/** Every variable that Muster reads. The reference in docs/ is rendered from here, so a summary is written for an operator. */
export const VARIABLES = {
  MUSTER_DATA_DIR: text({
    fallback: 'var',
    accepts: 'a path',
    summary: 'The folder of everything Muster keeps: database, keys, published maps.',
  }),
  MUSTER_BIND: text({ fallback: '127.0.0.1', accepts: 'an address', summary: 'The address the control plane listens on.' }),
  MUSTER_PORT: integer({ fallback: '8025', min: 0, max: 65_535, summary: 'The port the control plane listens on; 0 takes any free one.' }),
  MUSTER_DATABASE_URL: optionalUrl({
    schemes: ['postgres', 'postgresql'],
    secret: true,
    summary: 'A PostgreSQL of your own; without it the embedded one runs in the data folder.',
  }),
  MUSTER_DATABASE_POOL: integer({ fallback: '10', min: 2, max: 200, summary: 'Connections to PostgreSQL at most.' }),
  MUSTER_QUARANTINE_DAYS: integer({
    fallback: '90',
    min: 0,
    max: 36_500,
    summary: 'How long a deleted address or domain is kept from other customers.',
  }),
  MUSTER_LOG_LEVEL: oneOf({
    fallback: 'info',
    values: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    summary: 'The least important log line that is written.',
  }),
  MUSTER_SHUTDOWN_SECONDS: integer({
    fallback: '30',
    min: 1,
    max: 3_600,
    summary: 'How long an orderly stop may take before it is cut short.',
  }),
  MUSTER_ARGON2_MEMORY_KIB: integer({ fallback: '19456', min: 64, max: 4_194_304, summary: 'Memory of one argon2id hash, in KiB.' }),
  MUSTER_ARGON2_PASSES: integer({ fallback: '2', min: 1, max: 64, summary: 'Passes of one argon2id hash over its memory.' }),
  MUSTER_ARGON2_LANES: integer({ fallback: '1', min: 1, max: 16, summary: 'Parallelism of one argon2id hash.' }),
  MUSTER_BCRYPT_COST: integer({ fallback: '10', min: 4, max: 16, summary: 'Cost of one bcrypt hash; each step doubles the work.' }),
  MUSTER_HASH_QUEUE: integer({
    fallback: '64',
    min: 1,
    max: 10_000,
    summary: 'Passwords that may wait for hashing; one more is answered with 503.',
  }),
  MUSTER_POLL_SECONDS: integer({
    fallback: '1',
    min: 1,
    max: 3_600,
    summary: 'How often the publisher looks for a new revision by itself; the API wakes it sooner.',
  }),
  MUSTER_SNAPSHOT_SECONDS: integer({ fallback: '5', min: 1, max: 3_600, summary: 'The least time between two snapshots of a map.' }),
  MUSTER_SNAPSHOTS_KEPT: integer({
    fallback: '4',
    min: 2,
    max: 1_000,
    summary: 'Snapshots of each map that are kept, whatever their age.',
  }),
  MUSTER_SNAPSHOT_KEEP_SECONDS: integer({
    fallback: '120',
    min: 0,
    max: 604_800,
    summary: 'How long every snapshot is kept at least: longer than the slowest host takes to fetch one.',
  }),
  MUSTER_API_URL: optionalUrl({
    schemes: ['http', 'https'],
    secret: false,
    summary: 'Where the commands of `muster` find the API; without it, this machine at MUSTER_PORT.',
  }),
  MUSTER_API_KEY: secretText({
    accepts: 'a key that reads mk_…_…',
    pattern: /^mk_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/,
    summary: 'The key that the commands of `muster` use; without it, the file admin-key in the data folder.',
  }),
} as const

export type VariableName = keyof typeof VARIABLES
