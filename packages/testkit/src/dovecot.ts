import { mkdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { startDaemonProcess, type DaemonProcess, type Listen } from './daemon-process.js'
import { makeTemporaryFolder } from './postgres.js'
import { toolPath, type Requirement } from './tools.js'

export const DOVECOT_TOOLS: readonly Requirement[] = ['dovecot', 'dovecot-pop3', 'dovecot-imap', 'dovecot-lmtp']

export interface DovecotOptions {
  /** passdb and userdb in one; read by the account `dovecot` when the test runs as root. It may be replaced while Dovecot runs. */
  readonly passwdFile: string
  readonly host: string
  /** A protocol without a port is off. */
  readonly ports: { readonly pop3?: number; readonly imap?: number; readonly lmtp?: number }
  readonly greeting?: string
  /** More lines for dovecot.conf. */
  readonly settings?: string
}

export interface DovecotProcess extends DaemonProcess {
  /** Its dovecot.conf, for `doveadm -c`. */
  readonly config: string
}

type Protocol = keyof DovecotOptions['ports']
const LISTENERS: Record<Protocol, { service: string; tls: string | null }> = {
  pop3: { service: 'pop3-login', tls: 'pop3s' },
  imap: { service: 'imap-login', tls: 'imaps' },
  lmtp: { service: 'lmtp', tls: null },
}

/** A real Dovecot with a configuration and a base_dir of its own. Without root it serves mailboxes of the user who runs the test only. */
export async function startDovecot(options: DovecotOptions): Promise<DovecotProcess> {
  const folder = await makeTemporaryFolder('muster-dovecot-')
  const config = join(folder, 'dovecot.conf')
  await mkdir(join(folder, 'state'))
  await writeFile(config, renderConfig(options, folder))
  const listens: Listen[] = enabled(options).map(({ port }) => ({ host: options.host, port }))
  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
  try {
    const daemon = await startDaemonProcess(toolPath('dovecot'), ['-F', '-c', config], listens)
    return {
      ...daemon,
      config,
      async stop() {
        await daemon.stop()
        await removeFolder()
      },
    }
  } catch (error) {
    await removeFolder()
    throw error
  }
}

function enabled({ ports }: DovecotOptions): { protocol: Protocol; port: number }[] {
  return (['pop3', 'imap', 'lmtp'] as const).flatMap((protocol) => {
    const port = ports[protocol]
    return port === undefined ? [] : [{ protocol, port }]
  })
}

function renderConfig(options: DovecotOptions, folder: string): string {
  return `base_dir = ${join(folder, 'base')}
state_dir = ${join(folder, 'state')}
log_path = /dev/stderr
protocols = ${enabled(options)
    .map(({ protocol }) => protocol)
    .join(' ')}
listen = ${options.host}
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
first_valid_uid = 1
mail_location = maildir:~/Maildir
login_greeting = ${options.greeting ?? 'Dovecot ready.'}
${renderAuth(options.passwdFile)}
${enabled(options).map(renderListener).join('\n')}
${renderIdentity()}
${options.settings ?? ''}
`
}

/** As docs/map-formats.md has it: a test of packages/maps compares the two. */
function renderAuth(passwdFile: string): string {
  const block = (kind: string, args: string) => `${kind} {\n  driver = passwd-file\n  args = ${args}\n}`
  return [
    `auth_username_chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@+='#&$*~^?"`,
    block('passdb', `username_format=%Ls"%Lu ${passwdFile}`),
    block('passdb', `username_format=%Lu ${passwdFile}`),
    block('userdb', `username_format=%Lu ${passwdFile}`),
    block('userdb', '/dev/null'),
  ].join('\n')
}

function renderListener({ protocol, port }: { protocol: Protocol; port: number }): string {
  const { service, tls } = LISTENERS[protocol]
  const off = tls === null ? '' : `  inet_listener ${tls} {\n    port = 0\n  }\n`
  return `service ${service} {\n  inet_listener ${protocol} {\n    port = ${port}\n  }\n${off}}`
}

/** As root the accounts of the Debian package; else Dovecot runs as the user of the test, who can't chroot. */
function renderIdentity(): string {
  if (process.getuid?.() === 0) return ''
  const user = userInfo().username
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim()
  const accounts = `default_internal_user = ${user}\ndefault_internal_group = ${group}\ndefault_login_user = ${user}\n`
  return accounts + ['pop3-login', 'imap-login', 'anvil'].map((service) => `service ${service} {\n  chroot =\n}\n`).join('')
}
