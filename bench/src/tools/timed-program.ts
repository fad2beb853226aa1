import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { peakMemoryOfTree } from './process-cost.js'

export interface Program {
  readonly file: string
  readonly args: readonly string[]
  /** What it reads on stdin; nothing when not given. */
  readonly input?: string
}

/** Seconds from its start to its end; throws what it said when it fails. */
export async function timeProgram(program: Program): Promise<number> {
  const started = performance.now()
  await start(program).ended
  return (performance.now() - started) / 1_000
}

/**
 * Peak memory of a program and of those it starts, each by itself, summed. Asked for every millisecond, which costs the program time: a run
 * for its memory is not one for its speed.
 */
export async function peakMemoryOfProgram(program: Program): Promise<number> {
  const { pid, ended } = start(program)
  const peaks = new Map<number, number>()
  const look = () => peakMemoryOfTree(pid).forEach((bytes, member) => peaks.set(member, Math.max(bytes, peaks.get(member) ?? 0)))
  look()
  const timer = setInterval(look, 1)
  await ended.finally(() => clearInterval(timer))
  if (peaks.size === 0) throw new Error(`${program.file} ended before its memory could be read.`)
  return [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0)
}

function start({ file, args, input }: Program): { pid: number; ended: Promise<void> } {
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r')
  const child = spawn(file, args, { stdio: [stdin, 'ignore', 'pipe'], env: { PATH: process.env['PATH'], LC_ALL: 'C' } })
  if (typeof stdin === 'number') closeSync(stdin)
  return { pid: child.pid as number, ended: endOf(child, file) }
}

async function endOf(child: ChildProcess, file: string): Promise<void> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code !== 0) throw new Error(`${file} ended with ${signal ?? code}: ${said}`)
}
