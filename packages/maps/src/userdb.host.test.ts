import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWithTools, makeTemporaryFolder, startDaemonProcess, toolPath, type DaemonProcess } from '@muster/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MailboxRow } from './map-kind.js'
import { renderMap } from './render-map.js'
import { userdb } from './userdb.js'

const rows = JSON.parse(readFileSync(new URL('../../../fixtures/maps/rows.json', import.meta.url), 'utf8')) as MailboxRow[]
const lines = renderMap(userdb, rows).trimEnd().split('\n')

let folder: string
beforeEach(async () => {
  folder = await makeTemporaryFolder('muster-userdb-')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A folder as a map's `shards`: lines spread over files, some of them empty. */
async function writeShards(dir: string, all: readonly string[]): Promise<void> {
  await mkdir(dir, { mode: 0o700 })
  const shards = Array.from({ length: 8 }, (_, i) => all.filter((_line, n) => n % 5 === i))
  for (const [i, shard] of shards.entries()) {
    await writeFile(join(dir, i.toString(16).padStart(2, '0')), shard.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  }
}

function makeuserdb(path: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(toolPath('makeuserdb'), ['-f', path], { encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

/** Entries of a GDBM file by key, without makeuserdb's own `_=`, which tells the source file. */
function readGdbm(file: string): Map<string, string> {
  const listed = execFileSync(toolPath('gdbmtool'), ['-q', '-r', file, 'list'], { encoding: 'utf8' })
  const entries = listed
    .trimEnd()
    .split('\n')
    .map((line) => /^(\S+) (.*)$/.exec(line) as RegExpExecArray)
  return new Map(entries.map(([, key, value]) => [key as string, (value as string).replace(/\|?_=[^|]*$/, '')]))
}

describeWithTools('makeuserdb', ['makeuserdb', 'gdbmtool'], () => {
  test('takes a folder of shards as it stands, and its files hold our entries, keys unchanged, hashes in the shadow only', async () => {
    const source = join(folder, 'shards')
    await writeShards(source, lines)
    expect(makeuserdb(source)).toEqual({ status: 0, said: '' })
    const [open, shadow] = [readGdbm(`${source}.dat`), readGdbm(`${source}shadow.dat`)]
    const parsed = lines.map((line) => userdb.parseLine(line))
    const part = (secret: boolean) =>
      parsed.flatMap(({ key, fields }) => {
        const wanted = [...fields].filter(([name]) => name.endsWith('pw') === secret)
        return wanted.length === 0 ? [] : [[key, wanted.map((field) => field.join('=')).join('|')] as const]
      })
    expect(open).toEqual(new Map(part(false)))
    expect(shadow).toEqual(new Map(part(true)))
    expect([...open.values()].join('\n')).not.toContain('$6$')
  })

  test('makes the same of one file as of the shards', async () => {
    await writeShards(join(folder, 'shards'), lines)
    await writeFile(join(folder, 'userdb'), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    for (const name of ['shards', 'userdb']) expect(makeuserdb(join(folder, name)).status).toBe(0)
    for (const end of ['.dat', 'shadow.dat']) {
      expect(readGdbm(join(folder, `userdb${end}`))).toEqual(readGdbm(join(folder, `shards${end}`)))
    }
  })

  test('makes an empty database of 256 empty shards', async () => {
    await writeShards(join(folder, 'shards'), [])
    expect(makeuserdb(join(folder, 'shards')).status).toBe(0)
    expect(execFileSync(toolPath('gdbmtool'), ['-q', '-r', join(folder, 'shards.dat'), 'count'], { encoding: 'utf8' })).toMatch(
      /^There are 0 /,
    )
  })

  test.each([
    { what: 'a folder that its group may look into', make: (path: string) => mkdir(path, { mode: 0o750 }), why: 'GROUP OR WORLD' },
    { what: 'a symbolic link to one', make: linkToShards, why: 'symbolic link' },
    { what: 'one key in two files', make: (path: string) => writeShards(path, [lines[0], lines[0]] as string[]), why: 'duplicate' },
  ])('refuses $what', async ({ make, why }) => {
    await make(join(folder, 'shards'))
    const { status, said } = makeuserdb(join(folder, 'shards'))
    expect(said).toContain(why)
    expect(status).not.toBe(0)
  })
})

async function linkToShards(path: string): Promise<void> {
  await mkdir(`${path}-real`, { mode: 0o700 })
  await symlink(`${path}-real`, path)
}

/**
 * authdaemond reads /etc/courier/userdb.dat and nothing else, so it runs in a mount namespace where our folder lies there; authtest
 * enters that namespace to ask it.
 */
const START = `set -e
mount --bind "$1" /etc/courier
mount --bind "$2" /run
mkdir -p -m 755 /run/courier/authdaemon
exec "$3"
`
const AUTHDAEMONRC = `authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=1
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
`

describeWithTools('authdaemond', ['private mounts', 'makeuserdb', 'authdaemond', 'libauthuserdb', 'authtest'], () => {
  let etc: string
  let daemon: DaemonProcess

  beforeAll(async () => {
    etc = await makeTemporaryFolder('muster-courier-')
    const run = join(etc, 'run')
    await mkdir(run)
    await writeFile(join(etc, 'authdaemonrc'), AUTHDAEMONRC)
    await writeShards(join(etc, 'userdb'), lines)
    const made = makeuserdb(join(etc, 'userdb'))
    if (made.status !== 0) throw new Error(made.said)
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', START, 'start', etc, run, toolPath('authdaemond')]
    daemon = await startDaemonProcess('unshare', args, [])
    while (!existsSync(join(run, 'courier/authdaemon/socket'))) await sleep(20)
  })
  afterAll(async () => {
    await daemon.stop()
    await rm(etc, { recursive: true, force: true })
  })

  function authtest(...args: string[]): { ok: boolean; said: string } {
    const enter = ['--target', String(daemon.pid), '--mount', toolPath('authtest')]
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, ...args], { encoding: 'utf8' })
    return { ok: status === 0, said: stdout + stderr }
  }
  /** Courier's names of its services; login is what authtest says by itself, and stands for one that nobody thought of. */
  const services = ['imap', 'pop3', 'esmtp', 'login', 'webmail']
  const opened = (user: string, password = 'secret') => services.filter((service) => authtest('-s', service, user, password).ok)

  test('answers all that the line says', () => {
    const { ok, said } = authtest('tevie@example.net', 'secret')
    expect(ok).toBe(true)
    expect(said).toMatch(/Authenticated: tevie@example\.net {2}\(uid 5000, gid 5000\)/)
    expect(said).toMatch(/Home Directory: \/mail1\/08\/40\/tevie@example\.net\n/)
    expect(said).toMatch(/Maildir: \/mail1\/08\/40\/tevie@example\.net\/Maildir\n/)
    expect(said).toMatch(/Quota: 1000000S\n/)
  })

  test('verifies bcrypt and SHA-512 hashes, and no other password', () => {
    expect(opened('tevie@example.net')).toEqual(services)
    expect(opened('golde@example.net')).toEqual(services)
    expect(opened('tevie@example.net', 'wrong')).toEqual([])
  })

  test('lets a mailbox into its own services, and into none that has no name in the map', () => {
    expect(opened('imaponly@example.net')).toEqual(['imap'])
    expect(opened('webshop@example.net')).toEqual(['pop3', 'esmtp'])
    expect(opened('receiver@example.net')).toEqual([])
  })

  test("finds addresses with every character that the domain takes, and names with Courier's own =", () => {
    expect(opened("a#b$c*d~e^f?g=h&i+j_k'l@xn--bcher-kva.example")).toEqual(['imap', 'esmtp'])
    expect(opened("o'brien@example.net")).toEqual(services)
    expect(authtest('webshop@example.net').ok).toBe(true)
  })

  test.each(['suspended@example.net', 'suspended-imaponly@example.net', 'new@example.net', 'modern@example.net'])(
    'finds %s for deliveries, and no password logs it in',
    (user) => {
      expect(authtest(user)).toMatchObject({ ok: true, said: expect.stringContaining('Encrypted Password: (none)') })
      for (const password of ['secret', '', '*', '!', 'x']) expect(opened(user, password)).toEqual([])
    },
  )

  test('does not find a closed mailbox, nor an address in another case: the client or Courier lower-cases it', () => {
    expect(authtest('closed@example.net').ok).toBe(false)
    expect(authtest('TEVIE@example.net', 'secret').ok).toBe(false)
  })
})

describe('the rows of the fixture', () => {
  test('hold a mailbox for each of the cases above', () => {
    const addresses = rows.map((row) => row.address as string)
    for (const name of ['tevie', 'golde', 'imaponly', 'webshop', 'receiver', 'suspended', 'modern'])
      expect(addresses).toContain(`${name}@example.net`)
  })
})
