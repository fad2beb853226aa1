import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A module of this package in a process of its own, which answers each order with one report. */
export interface Forked<Order, Report> {
  readonly pid: number
  ask(order: Order): Promise<Report>
  /** Lets it end in its own time, so that a profile is written. */
  stop(): Promise<void>
}

export interface ForkOptions {
  /** Writes a V8 CPU profile into this folder when the process ends. */
  readonly profileFolder?: string | null
  /** Where its stderr goes; ours when not given. */
  readonly logFile?: string
}

export function forkProcess<Order extends object, Report>(module: URL, options: ForkOptions = {}): Forked<Order, Report> {
  const profile = options.profileFolder == null ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileFolder}`]
  const stderr = options.logFile === undefined ? 'inherit' : openSync(options.logFile, 'a', 0o600)
  const child = fork(fileURLToPath(module), { execArgv: profile, stdio: ['ignore', 'inherit', stderr, 'ipc'], serialization: 'advanced' })
  if (typeof stderr === 'number') closeSync(stderr)
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      const said = options.logFile === undefined ? '' : `\n${readFileSync(options.logFile, 'utf8').slice(-4_000)}`
      reject(new Error(`${fileURLToPath(module)} ended by itself: ${signal ?? code}${said}`))
    })
  })
  ended.catch(() => undefined) // its end after stop() is no failure
  return {
    pid: child.pid as number,
    async ask(order) {
      const answer = once(child, 'message') as Promise<[Report]>
      child.send(order)
      const [report] = await Promise.race([answer, ended])
      return report
    },
    stop: () => stop(child),
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  if (child.connected) child.disconnect()
  await exit
}

/** The other side: answers each order of the parent, and ends when the parent has gone. A failure ends the process with its stack. */
export function serveOrders<Order, Report extends object>(answer: (order: Order) => Promise<Report>, close?: () => Promise<void>): void {
  process.on('message', (order: Order) => {
    void answer(order).then((report) => process.send?.(report))
  })
  process.once('disconnect', () => {
    void (close?.() ?? Promise.resolve()).then(() => process.exit())
  })
}
