import { join } from 'node:path'
import { rmSync } from 'node:fs'
import koffi from 'koffi'
import { expect, test } from 'vitest'
import { makeTestFolder } from '../agent.fixture.js'
import { openSystemd } from './systemd.js'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40

/** A socket as systemd listens on. */
function listenAt(name: string) {
  const libc = koffi.load(null)
  const fd = libc.func('int socket(int, int, int)')(AF_UNIX, SOCK_DGRAM, 0) as number
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name.replace(/^@/, '\0'))])
  expect(libc.func('int bind(int, const void *, unsigned int)')(fd, address, address.length)).toBe(0)
  const recv = libc.func('long recv(int, _Out_ void *, size_t, int)')
  return {
    next(): string | null {
      const buffer = Buffer.alloc(1_000)
      const bytes = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT))
      return bytes < 0 ? null : buffer.toString('utf8', 0, bytes)
    },
    close: () => libc.func('int close(int)')(fd),
  }
}

test.each(['a path', 'the abstract namespace'])('what it is told arrives at a socket in %s', (where) => {
  const folder = makeTestFolder()
  const name = where === 'a path' ? join(folder, 'notify') : `@muster-test-${process.pid}`
  const socket = listenAt(name)
  openSystemd({ NOTIFY_SOCKET: name }).tell('READY=1', 'STATUS=in step')
  expect(socket.next()).toBe('READY=1\nSTATUS=in step')
  expect(socket.next()).toBeNull()
  socket.close()
  rmSync(folder, { recursive: true })
})

test('where nobody listens, nothing happens', () => {
  for (const env of [{}, { NOTIFY_SOCKET: '/nowhere/notify' }]) {
    const systemd = openSystemd(env)
    expect(() => systemd.tell('READY=1')).not.toThrow()
  }
})

test('the watchdog is for the process that the unit started', () => {
  expect(openSystemd({ WATCHDOG_USEC: '60000000' }).watchdogMs).toBe(60_000)
  expect(openSystemd({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' }).watchdogMs).toBeNull()
  expect(openSystemd({}).watchdogMs).toBeNull()
})
