import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  describeWithTools,
  DOVECOT_TOOLS,
  freePort,
  makeTemporaryFolder,
  startDaemonProcess,
  startDovecot,
  toolPath,
  tryPop3Login,
  type DovecotProcess,
} from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dovecotPasswd, dovecotServiceKey } from './dovecot-passwd.js'
import type { MailboxRow } from './map-kind.js'
import { renderMap } from './render-map.js'

const HOST = '127.0.0.33'
const repository = new URL('../../../', import.meta.url)
const golden = JSON.parse(readFileSync(new URL('fixtures/maps/rows.json', repository), 'utf8')) as MailboxRow[]
/** Only root may deliver to others, so the homes belong to whoever runs the test where that is not root. */
const [uid, gid] = process.getuid?.() === 0 ? [5000, 5000] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0]

let folder: string
let rows: MailboxRow[]
let passwdFile: string
const running: DovecotProcess[] = []

async function start(settings = ''): Promise<DovecotProcess & { pop3: number; lmtp: number }> {
  const [pop3, imap, lmtp] = [await freePort(HOST), await freePort(HOST), await freePort(HOST)]
  const dovecot = await startDovecot({ passwdFile, host: HOST, ports: { pop3, imap, lmtp }, settings })
  running.push(dovecot)
  return { ...dovecot, pop3, lmtp }
}

function doveadm(config: string, ...args: string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync(toolPath('doveadm'), ['-c', config, ...args], { encoding: 'utf8' })
  return { ok: status === 0, said: stdout + stderr }
}

/** Every service that asks Dovecot's auth, and one that nobody thought of. */
const services = ['imap', 'pop3', 'smtp', 'submission', 'sieve', 'other']

/** The services that let the user in, asked all at once: Dovecot keeps each refusal back for half a second. */
async function opened(config: string, user: string, password = 'secret'): Promise<string[]> {
  const asked = services.map(async (service) => {
    const child = spawn(toolPath('doveadm'), ['-c', config, 'auth', 'test', '-x', `service=${service}`, user, password], {
      stdio: 'ignore',
    })
    const [status] = (await once(child, 'exit')) as [number | null]
    return status === 0 ? [service] : []
  })
  return (await Promise.all(asked)).flat()
}

/** The services that let the user in with any of several passwords. */
async function openedByAny(config: string, user: string, passwords: readonly string[]): Promise<string[]> {
  return (await Promise.all(passwords.map((password) => opened(config, user, password)))).flat()
}

/** Delivers a message over LMTP (RFC 2033) and answers with the reply to RCPT, and to the message where that was accepted. */
async function deliver(port: number, address: string): Promise<string[]> {
  const socket = connect(port, HOST)
  const replies: string[] = []
  const script = ['LHLO test', 'MAIL FROM:<>', `RCPT TO:<${address}>`, 'DATA', 'Subject: hello\r\n\r\nHello.\r\n.', 'QUIT']
  await new Promise<void>((resolve, reject) => {
    let rest = ''
    socket.on('error', reject).on('close', resolve)
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((l) => /^\d{3} /.test(l))) {
        replies.push(line)
        const next = /^[45]/.test(line) ? 'QUIT' : script.shift()
        if (line.startsWith('221')) socket.end()
        else if (next !== undefined) socket.write(`${next}\r\n`)
      }
    })
  })
  return [replies[3], replies[5]].map((reply) => reply?.slice(0, 3) ?? '-')
}

describeWithTools('Dovecot', [...DOVECOT_TOOLS, 'doveadm'], () => {
  let dovecot: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    folder = await makeTemporaryFolder('muster-dovecot-passwd-')
    passwdFile = join(folder, 'users')
    rows = golden.map((row) => {
      const home = join(folder, 'homes', row.address)
      return { ...row, home, maildir: join(home, 'Maildir'), uid, gid }
    })
    for (const { home } of rows) {
      await mkdir(home, { recursive: true })
      await chown(home, uid, gid)
    }
    await writeFile(passwdFile, renderMap(dovecotPasswd, rows), { mode: 0o644 })
    dovecot = await start()
  })
  afterAll(async () => {
    for (const process of running) await process.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('was started with the configuration that docs/map-formats.md gives', () => {
    const documented = /```dovecot\n([^]*?)```/.exec(readFileSync(new URL('docs/map-formats.md', repository), 'utf8'))?.[1] ?? ''
    expect(documented).toContain('passdb {')
    expect(readFileSync(dovecot.config, 'utf8')).toContain(documented.replaceAll('/etc/dovecot/users', passwdFile))
  })

  test('reads every line without a complaint', async () => {
    expect(await opened(dovecot.config, 'nobody@example.net')).toEqual([])
    expect(dovecot.output()).not.toMatch(/error|warning/i)
  })

  test('verifies argon2id, bcrypt and SHA-512 hashes on every service, in any case of the name, and no other password', async () => {
    for (const user of ['tevie@example.net', 'golde@example.net', 'modern@example.net', 'Tevie@Example.NET']) {
      expect(await opened(dovecot.config, user)).toEqual(services)
    }
    expect(await openedByAny(dovecot.config, 'tevie@example.net', ['wrong', '', '*'])).toEqual([])
  })

  test('lets a mailbox into its own services, and into none that has no name in the map', async () => {
    expect(await opened(dovecot.config, 'imaponly@example.net')).toEqual(['imap', 'sieve'])
    expect(await opened(dovecot.config, 'webshop@example.net')).toEqual(['pop3', 'smtp', 'submission'])
    expect(await opened(dovecot.config, 'receiver@example.net')).toEqual([])
    expect(await opened(dovecot.config, 'imaponly@example.net', 'wrong')).toEqual([])
  })

  test('finds addresses with every character that the domain takes', async () => {
    expect(await opened(dovecot.config, "o'brien@example.net")).toEqual(services)
    expect(await opened(dovecot.config, "a#b$c*d~e^f?g=h&i+j_k'l@xn--bcher-kva.example")).toEqual(['imap', 'smtp', 'submission', 'sieve'])
  })

  test('answers the userdb with what the line says', () => {
    const [tevie] = rows as [MailboxRow]
    const { said } = doveadm(dovecot.config, 'user', tevie.address)
    expect(
      Object.fromEntries(
        said
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')),
      ),
    ).toEqual({
      field: 'value',
      uid: String(uid),
      gid: String(gid),
      home: tevie.home,
      mail: `maildir:${tevie.maildir}`,
      quota_rule: '*:bytes=1000000',
    })
    expect(doveadm(dovecot.config, 'user', '-f', 'quota_rule', 'golde@example.net').said).toBe('*:bytes=9007199254740991:messages=250\n')
    expect(doveadm(dovecot.config, 'user', '-f', 'home', "o'brien@example.net").said).toContain("/o'brien@example.net\n")
  })

  test.each(['suspended@example.net', 'suspended-imaponly@example.net', 'new@example.net', 'receiver@example.net'])(
    'still delivers to %s, and no password logs it in',
    async (user) => {
      expect(await openedByAny(dovecot.config, user, ['secret', '', '*', '*0', '!', '{CRYPT}*'])).toEqual([])
      expect(await deliver(dovecot.lmtp, user)).toEqual(['250', '250'])
      expect(await readdir(join(folder, 'homes', user, 'Maildir/new'))).toHaveLength(1)
    },
  )

  test('refuses a delivery to a closed mailbox', async () => {
    expect((await deliver(dovecot.lmtp, 'closed@example.net'))[0]).toBe('550')
  })

  test('lists accounts and no login lines, because a second userdb makes it skip those', () => {
    const listed = doveadm(dovecot.config, 'user', '*').said.trimEnd().split('\n')
    const accounts = rows.flatMap((row) => dovecotPasswd.entriesOf(row).slice(0, 1)).map((entry) => entry.key)
    expect(listed.toSorted()).toEqual(accounts.toSorted())
  })

  test('logs in over POP3 where that is allowed, and not by the name of a login line, though all characters were allowed', async () => {
    const open = await start('auth_username_chars =')
    // To `doveadm user` an asterisk asks for all that match.
    const keys = rows
      .filter((row) => !row.address.includes('*'))
      .flatMap((row) => services.map((service) => dovecotServiceKey(service, row.address)))
    for (const { config, pop3 } of [dovecot, open]) {
      expect(await tryPop3Login({ host: HOST, port: pop3 }, 'webshop@example.net', 'secret')).toMatchObject({ ok: true })
      expect(await tryPop3Login({ host: HOST, port: pop3 }, 'imaponly@example.net', 'secret')).toMatchObject({ ok: false })
      for (const key of ['imap"imaponly@example.net', 'imap\\"imaponly@example.net']) {
        expect(await tryPop3Login({ host: HOST, port: pop3 }, key, 'secret')).toMatchObject({ ok: false })
        expect(await opened(config, key)).toEqual([])
      }
    }
    expect(keys.filter((key) => doveadm(open.config, 'user', key).ok)).toEqual([])
  })

  test('without the passdb for single services lets in too few, and nobody too many', async () => {
    const port = await freePort(HOST)
    const whole = readFileSync(dovecot.config, 'utf8')
    const settings = `base_dir = ${folder}/one\nstate_dir = ${folder}/one\nprotocols = pop3\nservice pop3-login {\n  inet_listener pop3 {\n    port = ${port}\n  }\n}\n`
    const config = join(folder, 'one-passdb.conf')
    await writeFile(config, whole.replace(/passdb \{[^}]*%Ls[^}]*\}\n/, '') + settings)
    const one = await startDaemonProcess(toolPath('dovecot'), ['-F', '-c', config], [{ host: HOST, port }])
    try {
      expect(await opened(config, 'imaponly@example.net')).toEqual([])
      expect(await opened(config, 'tevie@example.net')).toEqual(services)
    } finally {
      await one.stop()
    }
  })
})
