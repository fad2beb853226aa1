// oxlint-disable vitest/no-conditional-tests vitest/valid-describe-callback vitest/valid-title vitest/expect-expect vitest/no-disabled-tests -- it makes suites and is none
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'
import table from './tools.json' with { type: 'json' }

/**
 * A program or library of a real daemon that tests need. The table tool -> Debian package -> paths is tools.json, because
 * scripts/install-test-tools.mjs reads it too, before anything is built.
 */
export type ToolName = keyof typeof table

/** What a suite may ask for: a tool, to be run by root, or to be allowed mounts that only its own processes see. */
export type Requirement = ToolName | 'root' | 'private mounts'

const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url))
const triplets: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }

/** Where the tool lies, or null when it is not installed. */
export function findTool(name: ToolName): string | null {
  const { paths } = table[name]
  return paths.map(resolvePath).find((path) => existsSync(path)) ?? null
}

/** The path of a tool that the suite has asked for in `describeWithTools`. */
export function toolPath(name: ToolName): string {
  const path = findTool(name)
  if (path === null) throw new Error(`${name} is not installed: ${table[name].package}`)
  return path
}

/** Paths in the table are absolute, or below the repository for what is unpacked under var/tools instead of installed. */
function resolvePath(path: string): string {
  const here = path.replace('{triplet}', triplets[process.arch] ?? process.arch)
  return isAbsolute(here) ? here : join(repositoryRoot, here)
}

/**
 * A suite that runs the real daemons. Where a requirement is missing the suite is skipped, and a line on stderr names it with its Debian
 * package; where CI is set it fails instead, because a machine that is meant to test everything must not pass by testing less.
 */
export function describeWithTools(name: string, requirements: readonly Requirement[], suite: () => void): void {
  const missing = requirements.flatMap((requirement) => explainMissing(requirement))
  if (missing.length === 0) {
    describe(name, suite)
    return
  }
  const why = `needs ${missing.join(', ')}`
  if (process.env['CI']) {
    describe(name, () => {
      test('has what it needs', () => {
        throw new Error(`${name}: ${why}; CI is set, so a skip is a failure`)
      })
    })
    return
  }
  process.stderr.write(`skipped: ${name}: ${why}\n`)
  describe.skip(name, suite)
}

/** Empty when the requirement is met. */
export function explainMissing(requirement: Requirement, find = findTool): string[] {
  if (requirement === 'root') return process.getuid?.() === 0 ? [] : ['to be run by root']
  if (requirement === 'private mounts') return mayMount() ? [] : ['to be run by root with the right to mount (CAP_SYS_ADMIN)']
  return find(requirement) === null ? [`${requirement} (Debian package ${table[requirement].package})`] : []
}

function mayMount(): boolean {
  return spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0
}
