import { execFileSync } from 'node:child_process'
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figures.js'

/** What `bench/results/<name>.json` holds. */
export interface Result {
  readonly name: string
  /** What kind of machine: never which one. */
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly kernel: string }
  readonly node: string
  /** As `git describe --always --dirty` names it. */
  readonly commit: string
  readonly at: string
  /** What else the machine was doing: processes ready to run, on average over the minute before. */
  readonly loadBefore: number
  readonly figures: readonly Figure[]
}

/** Read before the run, as the run itself is load. */
export function readLoad(): number {
  return Number(loadavg()[0]?.toFixed(1) ?? 0)
}

/** The same from src/ and from dist/. */
export const repository = fileURLToPath(new URL('../../..', import.meta.url))
export const storedResults = join(repository, 'bench', 'results')

export function describeRun(name: string, loadBefore: number, figures: readonly Figure[]): Result {
  return {
    name,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
    },
    node: process.versions.node,
    commit: git('describe', '--always', '--dirty', '--abbrev=12', '--exclude=*')?.trim() ?? 'unknown',
    at: new Date().toISOString(),
    loadBefore,
    figures,
  }
}

export async function writeResult(folder: string, result: Result): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${result.name}.json`)
  await writeFile(`${file}.new`, `${JSON.stringify(result, null, 2)}\n`)
  await rename(`${file}.new`, file)
  return file
}

/** The result that is checked in, so that a run before this one doesn't become its own yardstick; null when there is none. */
export function readBaseline(name: string): Result | null {
  const text = git('show', `HEAD:bench/results/${name}.json`)
  return text === null ? null : (JSON.parse(text) as Result)
}

/** All results in a folder, by name. */
export async function readResults(folder: string): Promise<Result[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  return Promise.all(names.sort().map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Result))
}

function git(...args: string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: dirname(storedResults), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return null // no repository here, or no such file in it
  }
}
