import { Command, CommanderError } from 'commander'
import { ConfigError } from './config/read-config.js'
import { DataFolderBusy, DataFolderUnusable } from './data-lock.js'

/** Exit codes that `muster` and `muster-agent` share. `muster-agent` adds its own from 10 upwards. They never change their meaning. */
export const EXIT = {
  ok: 0,
  /** Something broke that nobody foresaw. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The request was understood and refused; the message says why. */
  refused: 3,
  /** The control plane, a host or a database could not be reached. */
  unreachable: 4,
  /** A setting cannot be used. */
  config: 5,
  /** Another process holds what we need: the data folder, a port. */
  busy: 6,
} as const

/** A failure with an exit code of its own, a stable code, and what to try next. */
export class CliFailure extends Error {
  constructor(
    readonly exitCode: number,
    readonly code: string,
    message: string,
    readonly hint: string | null = null,
  ) {
    super(message)
    this.name = 'CliFailure'
  }
}

export interface CommandText {
  readonly name: string
  readonly summary: string
  /** A command line that works, and what it does. */
  readonly examples: readonly (readonly [commandLine: string, does: string])[]
}

/** A program or a command of it, with `--json` and its examples under `--help`. */
export function command(about: CommandText): Command {
  const made = new Command(about.name).description(about.summary).option('--json', 'answer in JSON').exitOverride()
  made.showHelpAfterError(`(${about.name} --help says more)`)
  const lines = about.examples.map(([line, does]) => `  $ ${line}\n      ${does}`)
  return lines.length === 0 ? made : made.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/** Whether the command, or a command above it, was given `--json`. */
export function wantsJson(of: Command): boolean {
  return of.optsWithGlobals()['json'] === true
}

/** Writes the answer to stdout: the value as one line of JSON, or the text for people. */
export function answer(of: Command, value: unknown, text: string): void {
  process.stdout.write(wantsJson(of) ? `${JSON.stringify(value)}\n` : text === '' ? '' : `${text.trimEnd()}\n`)
}

/** Runs a command line to its end. Never throws: what went wrong is on stderr, and its number is what it returns. */
export async function runCli(program: Command, argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok
  } catch (error) {
    // commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const failure = describeFailure(error)
    const json = argv.includes('--json')
    process.stderr.write(json ? `${JSON.stringify({ error: failure })}\n` : renderFailure(failure))
    return failure.exitCode
  }
}

export interface FailureText {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

export function describeFailure(error: unknown): FailureText {
  if (error instanceof CliFailure) return { exitCode: error.exitCode, code: error.code, message: error.message, hint: error.hint }
  if (error instanceof ConfigError) {
    const hint = 'Correct the environment variables above; docs/operations/configuration.md lists them all.'
    return { exitCode: EXIT.config, code: 'config_invalid', message: error.message, hint }
  }
  if (error instanceof DataFolderBusy) {
    const hint = 'Stop the other one first, or set MUSTER_DATA_DIR to another folder.'
    return { exitCode: EXIT.busy, code: 'data_folder_busy', message: error.message, hint }
  }
  if (error instanceof DataFolderUnusable) {
    const hint = 'Set MUSTER_DATA_DIR to a folder of your own, or run this as the user who owns that one.'
    return { exitCode: EXIT.config, code: 'data_folder_unusable', message: error.message, hint }
  }
  const message = error instanceof Error ? error.message : String(error)
  // The one look at the environment beside readConfig: what failed may be readConfig itself.
  return { exitCode: EXIT.failed, code: 'failed', message, hint: process.env['MUSTER_LOG_LEVEL'] === 'debug' ? stackOf(error) : null }
}

function renderFailure(failure: FailureText): string {
  return `error: ${failure.message}\n${failure.hint === null ? '' : `${failure.hint}\n`}`
}

function stackOf(error: unknown): string | null {
  return error instanceof Error ? (error.stack ?? null) : null
}
