import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** proc(5): Linux counts CPU time in hundredths of a second on every machine we know. */
const TICKS_PER_SECOND = 100

/** CPU time that a process and its children, also those that have ended, have used so far, in ms; Linux only. */
export async function cpuOfTree(pid: number): Promise<number> {
  const all = await readProcesses()
  const ended = all.find((p) => p.pid === pid)?.endedChildrenCpuMs ?? 0
  return all.filter((p) => p.pid === pid || p.parent === pid).reduce((sum, p) => sum + p.cpuMs, ended)
}

/**
 * The largest resident memory that a process and each of its living descendants have reached so far, by pid; empty when it is gone. Reads
 * at once, without giving way: a program that lives for a few milliseconds would be gone otherwise.
 */
export function peakMemoryOfTree(pid: number): Map<number, number> {
  const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1] ?? 0) * 1_024
  const children = readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return new Map([...(peak > 0 ? [[pid, peak] as const] : []), ...children.flatMap((child) => [...peakMemoryOfTree(child)])])
}

/** Empty when the process is gone. */
function readProc(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'utf8')
  } catch {
    return ''
  }
}

interface ProcessStat {
  readonly pid: number
  readonly parent: number
  readonly cpuMs: number
  readonly endedChildrenCpuMs: number
}

async function readProcesses(): Promise<ProcessStat[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)))
  return stats.flatMap((text) => (text === null ? [] : [parseStat(text)]))
}

/** The command's name, in brackets, may hold blanks and brackets of its own. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ms = (field: number) => (Number(fields[field]) * 1_000) / TICKS_PER_SECOND
  return { pid: Number.parseInt(text), parent: Number(fields[1]), cpuMs: ms(11) + ms(12), endedChildrenCpuMs: ms(13) + ms(14) }
}
