import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { COURIER_POP3_TOOLS, startCourierPop3 } from './courier.js'
import { processesOfGroup, startDaemonProcess, freePort, type DaemonProcess } from './daemon-process.js'
import { DOVECOT_TOOLS, startDovecot } from './dovecot.js'
import { PERDITION_TOOLS, startPerdition } from './perdition.js'
import { tryPop3Login } from './pop3-client.js'
import { makeTemporaryFolder } from './postgres.js'
import { describeWithTools, toolPath } from './tools.js'

/** crypt(3) of `secret`. */
const HASH = '$6$muster$LZs9nwySIxVYKE3TXltR/CFsQXJqwvNUHCxKMLhy8NKqnS25h.CucRPYZSx/p/rWvHAyjr6Znpd7uhofuvDDa.'

let folder: string
const running: DaemonProcess[] = []

beforeEach(async () => {
  folder = await makeTemporaryFolder('muster-daemons-')
})

afterEach(async () => {
  for (const daemon of running.splice(0).toReversed()) await daemon.stop()
  await rm(folder, { recursive: true, force: true })
})

async function run(starting: Promise<DaemonProcess>): Promise<DaemonProcess> {
  const daemon = await starting
  running.push(daemon)
  return daemon
}

/** A home with one message; the owner is one that no account of the machine has, or the user of the test. */
async function makeHome(name: string, subject: string): Promise<{ home: string; uid: number; gid: number }> {
  const home = join(folder, name)
  const asRoot = process.getuid?.() === 0
  const [uid, gid] = asRoot ? [5000, 5000] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  for (const dir of ['', 'Maildir', 'Maildir/cur', 'Maildir/new', 'Maildir/tmp']) {
    await mkdir(join(home, dir), { recursive: true })
    if (asRoot) await chown(join(home, dir), uid, gid)
  }
  await writeFile(join(home, 'Maildir/new/1.seed'), `Subject: ${subject}\n\nHello.\n`, { mode: 0o644 })
  return { home, uid, gid }
}

async function startCourier(host: string): Promise<{ daemon: DaemonProcess; port: number }> {
  const etcDir = join(folder, 'etc')
  const { home, uid, gid } = await makeHome('courier', 'on Courier')
  await mkdir(etcDir)
  await writeFile(join(etcDir, 'userdb'), `tevie@example.net\thome=${home}|uid=${uid}|gid=${gid}|systempw=${HASH}\n`, { mode: 0o600 })
  execFileSync(toolPath('makeuserdb'), ['-f', join(etcDir, 'userdb')])
  const port = await freePort(host)
  return { daemon: await run(startCourierPop3({ etcDir, listen: { host, port } })), port }
}

async function startDovecotWithOne(host: string): Promise<{ daemon: DaemonProcess; port: number }> {
  const { home, uid, gid } = await makeHome('dovecot', 'on Dovecot')
  const passwdFile = join(folder, 'users')
  await writeFile(passwdFile, `golde@example.net:{SHA512-CRYPT}${HASH}:${uid}:${gid}::${home}::\n`)
  const [port, imap, lmtp] = [await freePort(host), await freePort(host), await freePort(host)]
  return { daemon: await run(startDovecot({ passwdFile, host, ports: { pop3: port, imap, lmtp }, greeting: 'Dovecot of ms2' })), port }
}

describeWithTools('Dovecot', DOVECOT_TOOLS, () => {
  test('lets the right password in, refuses a wrong one, and leaves no process', async () => {
    const { daemon, port } = await startDovecotWithOne('127.0.0.12')
    const server = { host: '127.0.0.12', port }
    expect(await tryPop3Login(server, 'golde@example.net', 'secret')).toMatchObject({
      ok: true,
      greeting: '+OK Dovecot of ms2',
      messages: 1,
      firstMessage: ['Subject: on Dovecot', '', 'Hello.'],
    })
    expect(await tryPop3Login(server, 'golde@example.net', 'wrong')).toMatchObject({ ok: false })
    await daemon.stop()
    expect(processesOfGroup(daemon.pid)).toEqual([])
  })
})

describeWithTools('Courier', [...COURIER_POP3_TOOLS, 'makeuserdb'], () => {
  test('lets the right password in, refuses a wrong one, and leaves no process and no mount', async () => {
    const { daemon, port } = await startCourier('127.0.0.11')
    const server = { host: '127.0.0.11', port }
    expect(await tryPop3Login(server, 'tevie@example.net', 'secret')).toMatchObject({
      ok: true,
      greeting: '+OK Hello there.',
      messages: 1,
      firstMessage: ['Subject: on Courier', '', 'Hello.'],
    })
    expect(await tryPop3Login(server, 'tevie@example.net', 'wrong')).toMatchObject({ ok: false })
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain('/etc/courier')
    await daemon.stop()
    expect(processesOfGroup(daemon.pid)).toEqual([])
  })
})

describeWithTools('Perdition', [...PERDITION_TOOLS, ...COURIER_POP3_TOOLS, ...DOVECOT_TOOLS, 'makeuserdb', 'makegdbm'], () => {
  test('sends each user to the server that its map names, and refuses one who is not in it', async () => {
    const courier = await startCourier('127.0.0.11')
    const dovecot = await startDovecotWithOne('127.0.0.12')
    const map = join(folder, 'popmap.db')
    const input = `tevie@example.net:127.0.0.11\ngolde@example.net:127.0.0.12:${dovecot.port}\n`
    execFileSync(toolPath('makegdbm'), [map], { input })
    await chmod(map, 0o644)
    const listen = { host: '127.0.0.10', port: await freePort('127.0.0.10') }
    const perdition = await run(startPerdition({ map, listen, outgoingPort: courier.port }))
    expect(await tryPop3Login(listen, 'tevie@example.net', 'secret')).toMatchObject({
      ok: true,
      firstMessage: ['Subject: on Courier', '', 'Hello.'],
    })
    expect(await tryPop3Login(listen, 'golde@example.net', 'secret')).toMatchObject({
      ok: true,
      firstMessage: ['Subject: on Dovecot', '', 'Hello.'],
    })
    expect(await tryPop3Login(listen, 'nobody@example.net', 'secret')).toMatchObject({ ok: false })
    await perdition.stop()
    expect(processesOfGroup(perdition.pid)).toEqual([])
  })
})

test("a port in use is an error, not somebody else's daemon taken for ours", async () => {
  const port = await freePort('127.0.0.1')
  const first = ['-e', `require('net').createServer(() => {}).listen(${port}, '127.0.0.1')`]
  await run(startDaemonProcess(process.execPath, first, [{ host: '127.0.0.1', port }]))
  await expect(startDaemonProcess(process.execPath, first, [{ host: '127.0.0.1', port }])).rejects.toThrow('already in use')
})

test('a daemon that ends at once is an error with what it said', async () => {
  const port = await freePort('127.0.0.1')
  const failing = startDaemonProcess('sh', ['-c', 'echo bad configuration >&2; exit 3'], [{ host: '127.0.0.1', port }])
  await expect(failing).rejects.toThrow(/ended with 3\nbad configuration/)
})
