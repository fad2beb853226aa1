import { EventEmitter } from 'node:events'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { runService, startLoop, type Service, type ServiceHost } from './run-service.js'

const log = pino({ level: 'silent' })

/** Stands for the process: signals come from send(), and exit codes are kept rather than obeyed. */
function fakeHost() {
  const signals = new EventEmitter()
  const exits: number[] = []
  const host: ServiceHost = {
    on: (signal, listener) => void signals.on(signal, listener),
    off: (signal, listener) => void signals.off(signal, listener),
    exit: (code) => void exits.push(code),
  }
  return { host, exits, send: (signal: 'SIGINT' | 'SIGTERM') => signals.emit(signal), listeners: () => signals.listenerCount('SIGINT') }
}

function part(name: string, events: string[], more: { failed?: Promise<unknown>; stop?: () => Promise<void> } = {}) {
  return {
    unready: () => void events.push(`unready ${name}`),
    quiesce: () => void events.push(`quiesce ${name}`),
    async stop() {
      await more.stop?.()
      events.push(`stop ${name}`)
    },
    ...(more.failed ? { failed: more.failed } : {}),
  }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'on %s parts become unready, take no new work, then stop, each time the last one first',
  async (signal) => {
    const { host, exits, send, listeners } = fakeHost()
    const events: string[] = []
    await runService({ log, shutdownMs: 10_000, host }, async (service) => {
      await service.start('database', () => part('database', events))
      await service.start('api', () => part('api', events))
      setImmediate(() => send(signal))
    })
    expect(events).toEqual(['unready api', 'unready database', 'quiesce api', 'quiesce database', 'stop api', 'stop database'])
    expect(exits).toEqual([])
    expect(listeners()).toBe(0)
  },
)

test('it is ready only between the start of the last part and the request to stop', async () => {
  const { host, send } = fakeHost()
  const seen: boolean[] = []
  await runService({ log, shutdownMs: 10_000, host }, async (service) => {
    await service.start('one', () => ({ stop: () => void seen.push(service.isReady()) }))
    seen.push(service.isReady())
    setImmediate(() => {
      seen.push(service.isReady())
      send('SIGTERM')
      seen.push(service.isReady())
    })
  })
  expect(seen).toEqual([false, true, false, false])
})

test('a part that cannot start stops those before it, and the reason is told', async () => {
  const { host } = fakeHost()
  const events: string[] = []
  const failing = runService({ log, shutdownMs: 10_000, host }, async (service) => {
    await service.start('database', () => part('database', events))
    await service.start('api', () => Promise.reject(new Error('port in use')))
  })
  await expect(failing).rejects.toThrow('port in use')
  expect(events).toContain('stop database')
})

test('a signal during the start lets the part under way finish, starts no other, and stops what runs', async () => {
  const { host, send } = fakeHost()
  const events: string[] = []
  await runService({ log, shutdownMs: 10_000, host }, async (service) => {
    await service.start('database', async () => {
      send('SIGINT')
      return part('database', events)
    })
    events.push('never')
  })
  expect(events).toEqual(['unready database', 'quiesce database', 'stop database'])
})

test('a part that ends by itself ends the service with its reason', async () => {
  const { host } = fakeHost()
  const events: string[] = []
  const crashed = (service: Service) =>
    service.start('database', () => part('database', events, { failed: Promise.reject(new Error('server gone')) }))
  await expect(runService({ log, shutdownMs: 10_000, host }, async (service) => void (await crashed(service)))).rejects.toThrow(
    'server gone',
  )
  expect(events).toContain('stop database')
})

test('a part that fails to stop does not keep the others from it', async () => {
  const { host, send } = fakeHost()
  const events: string[] = []
  await runService({ log, shutdownMs: 10_000, host }, async (service) => {
    await service.start('database', () => part('database', events))
    await service.start('api', () => part('api', events, { stop: () => Promise.reject(new Error('stuck')) }))
    setImmediate(() => send('SIGTERM'))
  })
  expect(events.at(-1)).toBe('stop database')
})

test('one Ctrl-C that arrives twice is one; a later second signal leaves at once', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const { host, exits, send } = fakeHost()
    let release = () => {}
    const stopping = new Promise<void>((resolve) => (release = resolve))
    const done = runService({ log, shutdownMs: 10_000, host }, async (service) => {
      await service.start('slow', () => ({ stop: () => stopping }))
    })
    await new Promise(setImmediate)
    send('SIGINT')
    send('SIGINT')
    expect(exits).toEqual([])
    vi.advanceTimersByTime(1_000)
    send('SIGTERM')
    expect(exits).toEqual([143])
    release()
    await done
  } finally {
    vi.useRealTimers()
  }
})

test('a part that never stops is named, and the process is cut short', async () => {
  const lines: string[] = []
  const named = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
  const { host, exits, send } = fakeHost()
  let release = () => {}
  const stopping = new Promise<void>((resolve) => (release = resolve))
  const left = new Promise<void>((resolve) => {
    host.exit = (code) => {
      exits.push(code)
      resolve()
    }
  })
  const done = runService({ log: named, shutdownMs: 20, host }, async (service) => {
    await service.start('hanging publisher', () => ({ stop: () => stopping }))
    setImmediate(() => send('SIGTERM'))
  })
  await left
  expect(exits).toEqual([1])
  expect(lines.join()).toContain('hanging publisher (stop)')
  release()
  await done
})

test('a loop runs at once, again when woken, goes on after an error, and stop() waits for the run under way', async () => {
  const runs: number[] = []
  let ran = () => {}
  const nextRun = () => new Promise<void>((resolve) => (ran = resolve))
  const first = nextRun()
  const loop = startLoop({
    name: 'test',
    everyMs: 3_600_000,
    log,
    async work() {
      runs.push(runs.length)
      ran()
      if (runs.length === 1) throw new Error('first time')
      await new Promise(setImmediate)
      runs.push(-1)
    },
  })
  await first
  const second = nextRun()
  loop.wake()
  await second
  await loop.stop()
  expect(runs).toEqual([0, 1, -1])
})

test('a loop that is woken while it works runs once more, however often it was woken', async () => {
  let runs = 0
  let finish = () => {}
  const busy = new Promise<void>((resolve) => (finish = resolve))
  let again = () => {}
  const secondRun = new Promise<void>((resolve) => (again = resolve))
  const loop = startLoop({
    name: 'test',
    everyMs: 3_600_000,
    log,
    async work() {
      runs += 1
      if (runs === 1) await busy
      else again()
    },
  })
  loop.wake()
  loop.wake()
  finish()
  await secondRun
  await new Promise(setImmediate)
  await loop.stop()
  expect(runs).toBe(2)
})
