import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Address } from '@muster/domain'
import {
  describeWithTools,
  freePort,
  makeTemporaryFolder,
  PERDITION_TOOLS,
  startPerdition,
  toolPath,
  tryPop3Login,
  type DaemonProcess,
  type Listen,
} from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MailboxRow } from './map-kind.js'
import { popmap } from './popmap.js'
import { renderMap } from './render-map.js'

const rows = JSON.parse(readFileSync(new URL('../../../fixtures/maps/rows.json', import.meta.url), 'utf8')) as MailboxRow[]

let folder: string
beforeAll(async () => {
  folder = await makeTemporaryFolder('muster-popmap-')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function makegdbm(name: string, text: string): { file: string; said: string } {
  const file = join(folder, name)
  const { stderr } = spawnSync(toolPath('makegdbm'), [file], { input: text, encoding: 'utf8' })
  return { file, said: stderr }
}

describeWithTools('makegdbm', ['makegdbm', 'gdbmtool'], () => {
  test('stores each line as key and value, byte for byte', () => {
    const { file, said } = makegdbm('all.db', renderMap(popmap, rows))
    const listed = execFileSync(toolPath('gdbmtool'), ['-q', '-r', file, 'list'], { encoding: 'utf8' })
    const entries = rows.flatMap((row) => popmap.entriesOf(row)).map(({ key, line }) => `${key} ${line.slice(key.length + 1)}`)
    expect(listed.trimEnd().split('\n').toSorted()).toEqual(entries.toSorted())
    expect(said).toBe('')
  })

  test('takes a line of the greatest length that we render, and cuts a longer one', () => {
    const entry = (length: number) => ({ key: 'k'.repeat(length - 2), fields: { user: null, host: 'h', port: null } })
    const longest = popmap.renderLine(entry(4_094))
    const { file } = makegdbm('longest.db', `${longest}\n`)
    expect(execFileSync(toolPath('gdbmtool'), ['-q', '-r', file, 'fetch', longest.slice(0, -2)], { encoding: 'utf8' })).toBe('h\n')
    const longer = makegdbm('longer.db', `k${longest}\n`)
    expect(
      spawnSync(toolPath('gdbmtool'), ['-q', '-r', longer.file, 'fetch', `k${longest.slice(0, -2)}`], { encoding: 'utf8' }).stdout,
    ).not.toBe('h\n')
  })
})

/** A mailstore that takes every login and says in its greeting to Perdition which one it is; here to see where Perdition connects. */
async function listenAsStore(listen: Listen, logins: string[]): Promise<Server> {
  const serve = (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('+OK store\r\n')
    socket.on('data', (data) => {
      for (const line of data.toString().split('\r\n').filter(Boolean)) {
        if (line.startsWith('USER ')) logins.push(`${line.slice(5)} at ${listen.host}`)
        socket.write(line === 'STAT' ? '+OK 0 0\r\n' : line === 'UIDL' ? '+OK\r\n.\r\n' : '+OK\r\n')
        if (line === 'QUIT') socket.end()
      }
    })
  }
  const server = createServer(serve)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listen.port, listen.host, resolve))
  return server
}

describeWithTools('Perdition', [...PERDITION_TOOLS, 'makegdbm'], () => {
  const logins: string[] = []
  const servers: Server[] = []
  let perdition: DaemonProcess
  let listen: Listen

  const row = (localpart: string, mailstoreHost: string, mailstorePort: number | null, status: MailboxRow['status'] = 'active') =>
    ({
      ...(rows[0] as MailboxRow),
      address: `${localpart}@example.net` as Address,
      mailstoreHost,
      mailstorePort,
      status,
    }) satisfies MailboxRow

  beforeAll(async () => {
    const outgoingPort = await freePort('127.0.0.31')
    servers.push(await listenAsStore({ host: '127.0.0.31', port: outgoingPort }, logins))
    servers.push(await listenAsStore({ host: '127.0.0.32', port: 0 }, logins))
    servers.push(await listenAsStore({ host: '::1', port: 0 }, logins))
    const [, second, ipv6] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number, number]
    const text = renderMap(popmap, [
      row('tevie', '127.0.0.31', null),
      row('golde', '127.0.0.32', second),
      row('modern', '::1', ipv6),
      row("a#b$c*d~e^f?g=h&i+j_k'l", '127.0.0.32', second),
      row('suspended', '127.0.0.31', null, 'suspended'),
      row('closed', '127.0.0.31', null, 'closed'),
    ])
    const { file } = makegdbm('popmap.db', text)
    await chmod(file, 0o644)
    listen = { host: '127.0.0.30', port: await freePort('127.0.0.30') }
    perdition = await startPerdition({ map: file, listen, outgoingPort })
  })
  afterAll(async () => {
    await perdition.stop()
    for (const server of servers) server.close()
  })

  async function loginOf(user: string): Promise<string | null> {
    logins.length = 0
    const login = await tryPop3Login(listen, user, 'secret')
    return login.ok ? (logins[0] ?? null) : null
  }

  test.each([
    ['tevie@example.net', 'a host without a port, which is then the one of the protocol', '127.0.0.31'],
    ['golde@example.net', 'a host with a port', '127.0.0.32'],
    ['modern@example.net', 'an IPv6 address in brackets with a port', '::1'],
    ["a#b$c*d~e^f?g=h&i+j_k'l@example.net", 'the store of an address with every character that the domain takes', '127.0.0.32'],
    ['suspended@example.net', 'the store of a suspended mailbox, which refuses it', '127.0.0.31'],
  ])('sends %s to %s, under the name that the client gave', async (user, _what, host) => {
    expect(await loginOf(user)).toBe(`${user} at ${host}`)
  })

  test('finds an address in any case, and logs in to the store in lower case, where Courier knows no other', async () => {
    expect(await loginOf('TEVIE@Example.NET')).toBe('tevie@example.net at 127.0.0.31')
  })

  test('refuses a closed mailbox', async () => {
    expect(await loginOf('closed@example.net')).toBeNull()
  })
})
