// Installs what the tests of real daemons need (packages/testkit/src/tools.json), where root and apt-get are there; elsewhere it
// says what is missing. Starts no service, now or at the next boot, and removes no package. Does nothing when all is there.
// Plain JavaScript without dependencies: `npm test` runs it before anything is built.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = JSON.parse(readFileSync(join(root, 'packages/testkit/src/tools.json'), 'utf8'))

// Debian lets one package of `pop3-server` be installed, and that is Dovecot's: Courier's is unpacked beside it.
const UNPACKED = ['courier-pop', 'courier-base']
const unpackedTo = join(root, 'var', 'tools', 'courier-pop')
const SERVICES = {
  perdition: 'perdition',
  'courier-authdaemon': 'courier-authdaemon',
  'dovecot-core': 'dovecot',
  'openssh-server': 'ssh',
  rsync: 'rsync',
}

const POLICY = '/usr/sbin/policy-rc.d'
const POLICY_MARK = '# Written by scripts/install-test-tools.mjs while it installs; remove it when that is over.'

const missing = missingTools()
if (missing.length > 0) installOrExplain()

function installOrExplain() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(`Not installed: ${describe(missing)}. That takes root and apt-get (sudo node scripts/install-test-tools.mjs).`)
    return
  }
  const wanted = packagesOf(missing)
  say(`Installing for the tests: ${wanted.join(' ')} ...`)
  // With a handler of our own an interrupt ends apt-get and not this process, which still puts the policy back.
  process.on('SIGINT', () => {}).on('SIGTERM', () => {})
  withoutServices(() => {
    install(wanted.filter((name) => !UNPACKED.includes(name)))
    if (wanted.some((name) => UNPACKED.includes(name))) unpack()
  })
  const still = missingTools()
  if (still.length > 0) say(`Still not installed: ${describe(still)}.`)
}

function missingTools() {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch] ?? process.arch
  const resolve = (path) => (isAbsolute(path) ? path.replace('{triplet}', triplet) : join(root, path))
  return Object.entries(tools).filter(([, { paths }]) => !paths.some((path) => existsSync(resolve(path))))
}

function packagesOf(entries) {
  return [...new Set(entries.map(([, tool]) => tool.package))].sort()
}

function describe(entries) {
  return entries.map(([name, tool]) => (name === tool.package ? name : `${name} (${tool.package})`)).join(', ')
}

/** invoke-rc.d asks policy-rc.d before it starts a service; 101 forbids it. What was there before is put back, whatever happens. */
function withoutServices(work) {
  const before = existsSync(POLICY) ? { text: readFileSync(POLICY, 'utf8'), mode: statSync(POLICY).mode } : null
  writeFileSync(POLICY, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`)
  chmodSync(POLICY, 0o755)
  try {
    work()
  } finally {
    // One with our mark was left by a run that was killed: it was nobody's.
    if (before === null || before.text.includes(POLICY_MARK)) rmSync(POLICY, { force: true })
    else {
      writeFileSync(POLICY, before.text)
      chmodSync(POLICY, before.mode)
    }
  }
}

function install(names) {
  if (names.length === 0) return
  const had = new Set(Object.keys(SERVICES).filter(isInstalled))
  // --no-remove: a machine that runs another pop3-server keeps it, and its owner is told what could not be installed.
  const flags = ['-y', '-qq', '--no-install-recommends', '--no-remove', '-o', 'Dpkg::Options::=--force-confold']
  if (!aptGet(['install', ...flags, ...names], { quiet: true })) {
    aptGet(['update', '-qq'])
    if (!aptGet(['install', ...flags, ...names], { quiet: true })) names.forEach((name) => aptGet(['install', ...flags, name]))
  }
  for (const [name, service] of Object.entries(SERVICES)) {
    if (!had.has(name) && isInstalled(name)) spawnSync('update-rc.d', [service, 'disable'], { stdio: 'ignore' })
  }
}

function unpack() {
  mkdirSync(dirname(unpackedTo), { recursive: true })
  const debs = mkdtempSync(`${unpackedTo}.debs-`)
  const fresh = mkdtempSync(`${unpackedTo}.new-`)
  try {
    const download = ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...UNPACKED]
    const got = aptGet(download, { cwd: debs, quiet: true }) || (aptGet(['update', '-qq']) && aptGet(download, { cwd: debs }))
    if (!got) return
    for (const deb of readdirSync(debs)) execute('dpkg', ['-x', join(debs, deb), fresh])
    chmodSync(fresh, 0o755)
    rmSync(unpackedTo, { recursive: true, force: true })
    renameSync(fresh, unpackedTo)
  } finally {
    rmSync(debs, { recursive: true, force: true })
    rmSync(fresh, { recursive: true, force: true })
  }
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' })
  return stdout === 'installed'
}

function aptGet(args, { cwd = root, quiet = false } = {}) {
  return execute('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', ...args], { cwd, quiet })
}

/** Runs a command; its output is shown when it fails, unless the caller tries again. */
function execute(command, args, { cwd = root, quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  const ok = result.status === 0
  if (!ok && !quiet) say(`${result.stdout ?? ''}${result.stderr ?? ''}${command} ${args.join(' ')}: exit ${result.status ?? result.signal}`)
  return ok
}

function say(line) {
  process.stderr.write(`${line}\n`)
}
