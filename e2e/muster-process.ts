import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = `${root}apps/cli/dist/main.js`

/** A `muster` of this test, built as it ships, in a process of its own. */
export interface MusterProcess {
  readonly pid: number
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
}

export interface MusterRun {
  readonly args: readonly string[]
  /** The working folder, which printed paths are relative to. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Runs it as this user, by setpriv: for root only. */
  readonly user?: string
}

export function startMuster({ args, cwd, env = {}, user }: MusterRun): MusterProcess {
  if (!existsSync(program)) throw new Error(`${program} is not built: npm run build`)
  const as = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user === 'nobody' ? 'nogroup' : user}`, '--clear-groups']
  const [file = process.execPath, ...rest] = [...as, process.execPath, program, ...args]
  const child = spawn(file, rest, { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()))
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal as NodeJS.Signals)))
  })
  return { pid: child.pid as number, child, stdout: () => out.stdout, stderr: () => out.stderr, exited }
}

export interface Answer {
  readonly exit: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of `muster` to its end. */
export async function runMuster(run: MusterRun): Promise<Answer> {
  const muster = startMuster(run)
  const exit = await muster.exited
  return { exit, stdout: muster.stdout(), stderr: muster.stderr() }
}

/** Asks until `found` answers something; the test's own timeout ends it. A process that ended instead is an error at once. */
export async function until<T>(
  muster: MusterProcess,
  found: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> {
  const ended = muster.exited.then((exit) => ({ exit }))
  for (;;) {
    const value = await found()
    if (value) return value
    const over = await Promise.race([ended, new Promise<null>((resolve) => setTimeout(resolve, 50, null))])
    if (over !== null) throw new Error(`muster ended with ${over.exit}:\n${muster.stdout()}${muster.stderr()}`)
  }
}

/** Processes whose command line names this folder: what a run that has ended must not leave. */
export function processesThatName(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const line = commandLine(pid)
      return line.includes(folder) ? [`${pid}: ${line}`] : []
    })
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
