#!/usr/bin/env node
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchmarks } from './benchmarks/index.js'
import { MissingToolError, type Benchmark, type Size } from './frame/benchmark.js'
import { writeReport } from './frame/report.js'
import { repository } from './frame/results.js'
import { runBenchmark } from './frame/run-benchmark.js'

const USAGE = `npm run bench -- [NAME ...] [--size smoke|full] [--runs N] [--profile]
npm run bench -- --report

Without a name the benchmarks are listed and all of them run. --profile leaves V8 CPU
profiles of our processes in var/bench/profiles, and stores nothing. --report writes the tables of docs/performance.md from bench/results.
`

/** Exit codes: 0 done, whether targets were met or not; 1 failed; 2 wrong usage; 69 something to compare with is missing (EX_UNAVAILABLE). */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      size: { type: 'string', default: 'full' },
      runs: { type: 'string' },
      profile: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return print(USAGE)
  if (values.report) {
    await writeReport()
    return 0
  }
  const size = parseSize(values.size)
  const runs = parseRuns(values.runs, size)
  const profileFolder = values.profile ? join(repository, 'var', 'bench', 'profiles') : null
  for (const benchmark of choose(positionals)) {
    process.stdout.write(`${await runBenchmark(benchmark, { size, runs, profileFolder, say })}\n`)
  }
  return 0
}

class UsageError extends Error {}

function choose(names: readonly string[]): readonly Benchmark[] {
  if (names.length === 0) {
    print(`${benchmarks.map((b) => `${b.name}: ${b.summary}`).join('\n')}\n\n`)
    return benchmarks
  }
  return names.map((name) => {
    const found = benchmarks.find((b) => b.name === name)
    if (!found) throw new UsageError(`There is no benchmark ${name}; there are: ${benchmarks.map((b) => b.name).join(', ')}.`)
    return found
  })
}

function parseSize(text: string): Size {
  if (text !== 'smoke' && text !== 'full') throw new UsageError('--size is smoke or full.')
  return text
}

function parseRuns(text: string | undefined, size: Size): number {
  const runs = Number(text ?? (size === 'full' ? 5 : 1))
  if (!Number.isInteger(runs) || runs < 1) throw new UsageError('--runs is a whole number from 1.')
  return runs
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function exitCodeOf(error: unknown): number {
  const usage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  if (usage || error instanceof MissingToolError) {
    say((error as Error).message)
    return usage ? 2 : 69
  }
  say(error instanceof Error ? `${error.stack}` : String(error))
  return 1
}

process.exitCode = await main().catch(exitCodeOf)
