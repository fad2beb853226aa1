import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Listen {
  readonly host: string
  readonly port: number
}

/** A daemon with every process it began: they share a process group of their own. */
export interface DaemonProcess {
  /** Of the first process, and of the group. */
  readonly pid: number
  /** What it wrote on stdout and stderr so far. */
  output(): string
  /** Ends the first process as its own manual says (SIGTERM), then whatever is left of the group. Returns when nothing is left. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 20

// A test run that ends without stopping its daemons takes them along; only kill -9 of the run leaves them.
const groups = new Set<number>()
process.on('exit', () => groups.forEach((group) => signalGroup(group, 'SIGKILL')))

/** Starts a daemon that stays in the foreground; resolves when each of `listens` takes connections. */
export async function startDaemonProcess(command: string, args: readonly string[], listens: readonly Listen[]): Promise<DaemonProcess> {
  for (const listen of listens) {
    if (await takesConnections(listen)) throw new Error(`${listen.host}:${listen.port} is already in use; ${command} was not started`)
  }
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = collectOutput(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started`)
  groups.add(pid)
  let stopped: Promise<void> | null = null
  const stop = () => (stopped ??= stopGroup(child, pid, exited).then(() => void groups.delete(pid)))
  try {
    await waitUntilReady(child, listens)
  } catch (error) {
    await stop()
    throw new Error(`${command}: ${error instanceof Error ? error.message : String(error)}\n${output()}`, { cause: error })
  }
  return { pid, output, stop }
}

async function waitUntilReady(child: ChildProcess, listens: readonly Listen[]): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (const listen of listens) {
    while (!(await takesConnections(listen))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended with ${child.exitCode ?? child.signalCode}`)
      if (Date.now() > deadline) throw new Error(`does not listen on ${listen.host}:${listen.port}`)
      await sleep(POLL_MS)
    }
  }
}

async function stopGroup(child: ChildProcess, group: number, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  await Promise.race([exited, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })])
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(group, signal)
    const deadline = Date.now() + STOP_TIMEOUT_MS
    while (processesOfGroup(group).length > 0 && Date.now() < deadline) await sleep(POLL_MS)
  }
  const left = processesOfGroup(group)
  if (left.length > 0) throw new Error(`processes ${left.join(', ')} outlived SIGKILL`)
}

/** The living processes of a group, without those that only wait for their parent to read their exit status. */
export function processesOfGroup(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readStat(pid)
      return stat !== null && stat.group === group && stat.state !== 'Z'
    })
}

/** proc(5): `pid (comm) state ppid pgrp ...`, where comm may hold blanks and brackets. */
function readStat(pid: number): { state: string; group: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state = '', , group = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state, group: Number(group) }
  } catch {
    return null // It ended while we looked.
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function collectOutput(child: ChildProcess): () => string {
  let text = ''
  const add = (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-1_000_000)
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => text
}

function takesConnections({ host, port }: Listen): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    const answer = (yes: boolean) => {
      socket.destroy()
      resolve(yes)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}

/** A port of this address that nobody listens on. */
export async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
