import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, startDaemonProcess, type DaemonProcess, type Listen } from './daemon-process.js'
import { makeTemporaryFolder } from './postgres.js'
import { toolPath, type Requirement } from './tools.js'

export const SSHD_TOOLS: readonly Requirement[] = ['sshd', 'ssh', 'ssh-keygen']

export interface SshdOptions {
  /** What the key may do, and nothing else: the forced command, as a line of authorized_keys has it. */
  readonly command: string
  /** Default: a free port of 127.0.0.1. */
  readonly listen?: Listen
}

export interface RunningSshd extends DaemonProcess {
  readonly listen: Listen
  /** Who logs in: the user who runs the tests. */
  readonly user: string
  readonly identityFile: string
  readonly knownHostsFile: string
}

/** A real sshd on a loopback address with one key, for one forced command, and no other way in. It runs as the user of the tests. */
export async function startSshd({ command, listen }: SshdOptions): Promise<RunningSshd> {
  const at = listen ?? { host: '127.0.0.1', port: await freePort('127.0.0.1') }
  const folder = await makeTemporaryFolder('muster-sshd-')
  const { username } = userInfo()
  const hostKey = await makeKey(folder, 'host-key')
  const identityFile = await makeKey(folder, 'identity')
  const publicKey = async (file: string) => (await readFile(`${file}.pub`, 'utf8')).trim()
  await writeFile(join(folder, 'authorized_keys'), `restrict,command="${command}" ${await publicKey(identityFile)}\n`, { mode: 0o600 })
  const knownHostsFile = join(folder, 'known_hosts')
  await writeFile(knownHostsFile, `[${at.host}]:${at.port} ${await publicKey(hostKey)}\n`)
  const config = join(folder, 'sshd_config')
  await writeFile(config, renderConfig(folder, hostKey, at, username))
  // As root sshd wants this folder, which the package's unit makes at its start.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const daemon = await startDaemonProcess(toolPath('sshd'), ['-D', '-e', '-f', config], [at])
  const stop = async () => {
    await daemon.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...daemon, stop, listen: at, user: username, identityFile, knownHostsFile }
}

function renderConfig(folder: string, hostKey: string, listen: Listen, username: string): string {
  return [
    `ListenAddress ${listen.host}:${listen.port}`,
    `HostKey ${hostKey}`,
    'PidFile none',
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    // The folder lies below a world-writable one.
    'StrictModes no',
    'UsePAM no',
    'AuthenticationMethods publickey',
    'PermitRootLogin forced-commands-only',
    `AllowUsers ${username}`,
    '',
  ].join('\n')
}

async function makeKey(folder: string, name: string): Promise<string> {
  const file = join(folder, name)
  await promisify(execFile)(toolPath('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file])
  return file
}
