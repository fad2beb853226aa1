// What `npm start` and `npm test` do first on any machine: check Node, install what package-lock.json names, build.
// Plain JavaScript without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const LOWEST_NODE = [20, 19]

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1])) return
  fail(`Muster needs Node.js ${LOWEST_NODE.join('.')} or later; this is ${process.versions.node}.`)
}

/** Runs a command to its end; its output is shown only when it fails, unless `show` is set. Ends the process on failure. */
export function run(what, command, args, { show = false, env = {} } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (result.error) fail(`${what}: ${result.error.message}`)
  if (result.status !== 0) fail(`${what} failed (exit ${result.status ?? result.signal}).`, show ? '' : `${result.stdout}${result.stderr}`)
}

/** `npm ci`, unless node_modules already is what package-lock.json says. */
export function installDependencies() {
  const stamp = join(root, 'node_modules', '.muster-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.versions.modules} ${process.arch}`)
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('Installing what package-lock.json names (npm ci) ...')
  run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, wanted)
}

/** Builds what has changed since the last build; turbo keeps count. */
export function build() {
  say('Building ...')
  run('The build', join(root, 'node_modules', '.bin', 'turbo'), ['run', 'build', '--output-logs=errors-only', '--log-order=grouped'], {
    env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  })
}

export function say(line) {
  process.stderr.write(`${line}\n`)
}

export function fail(line, more = '') {
  process.stderr.write(`${more}${more && !more.endsWith('\n') ? '\n' : ''}${line}\n`)
  process.exit(1)
}
