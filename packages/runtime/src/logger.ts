import { createRequire } from 'node:module'
import pino, { type DestinationStream, type Logger } from 'pino'
import type { PrettyOptions } from 'pino-pretty'

export type { Logger } from 'pino'

export interface LoggerOptions {
  readonly level: string
  /** Which part of Muster speaks, such as `muster` or `muster-agent`. */
  readonly name: string
  /** Where the lines go; stderr by default, since answers own stdout. */
  readonly destination?: DestinationStream | undefined
}

/** What never reaches a log line, at the top of its fields or one level below. */
const SECRETS = [
  'password',
  'passwordHash',
  'hashes',
  'secret',
  'secretHash',
  'token',
  'apiKey',
  'privateKey',
  'authorization',
  'databaseUrl',
  'connectionString',
]
const REDACTED = [...SECRETS, ...SECRETS.map((name) => `*.${name}`), 'req.headers.authorization', 'req.headers.cookie']

/** JSON lines on stderr; on a terminal, lines for people. A line is a fixed phrase and fields, with no address above debug. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    name: options.name,
    base: { name: options.name },
    redact: { paths: REDACTED, censor: '[secret]' },
  }
  return pino(settings, options.destination ?? (process.stderr.isTTY ? prettyStderr() : pino.destination({ dest: 2, sync: true })))
}

function prettyStderr(): DestinationStream {
  // Loaded only on a terminal: a cron job every minute need not pay for it.
  const pretty = createRequire(import.meta.url)('pino-pretty') as (options: PrettyOptions) => DestinationStream
  return pretty({
    destination: 2,
    sync: true,
    colorize: true,
    ignore: 'pid,hostname,name',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  })
}
