// `npm start`: on any machine, from a clean clone, with nothing done by hand: installs, builds, and runs the control plane with this
// machine as host `local`. Arguments go to `muster serve`. Plain JavaScript without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build, installDependencies, requireNode, root, say } from './prepare.mjs'

requireNode()
installDependencies()
installLibGdbm()
build()

// In this very process: a child would hear Ctrl-C twice, once from the terminal and once from us.
process.argv.splice(2, 0, 'serve', '--local-host')
await import(join(root, 'apps', 'cli', 'dist', 'main.js'))

/** The agent of host `local` writes its lookup databases with the system's libgdbm, which a very small Debian may lack. */
function installLibGdbm() {
  if (process.platform !== 'linux' || hasLibGdbm()) return
  if (process.getuid() === 0 && existsSync('/usr/bin/apt-get')) {
    say('Installing libgdbm6, the library of the lookup databases ...')
    if (!aptGet('install', 'libgdbm6') && aptGet('update')) aptGet('install', 'libgdbm6')
  }
  if (hasLibGdbm()) return
  say('libgdbm.so.6 is not on this machine, so its lookup databases will not be compiled; everything else works.')
  say('To install it: sudo apt-get install libgdbm6')
}

function hasLibGdbm() {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch]
  const folders = [`/usr/lib/${triplet}`, `/lib/${triplet}`, '/usr/local/lib', '/usr/lib64', '/usr/lib']
  if (folders.some((folder) => existsSync(`${folder}/libgdbm.so.6`))) return true
  const known = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  return known.stdout?.includes('libgdbm.so.6 ') ?? false
}

function aptGet(command, ...packages) {
  const args = ['-o', 'DPkg::Lock::Timeout=300', command, '-y', '-qq', '--no-install-recommends', ...packages]
  return spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0
}
