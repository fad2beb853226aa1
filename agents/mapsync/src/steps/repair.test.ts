import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, type TestAgent } from '../agent.fixture.js'
import { readStatus } from '../commands/status.js'
import { verify } from '../commands/verify.js'
import { GdbmFile } from '../gdbm/gdbm-file.js'
import { linesOf, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'

let agent: TestAgent
afterEach(() => agent.remove())

const popmap = (count: number, store?: string) => ({ popmap: linesOf(count, (n) => popmapLine(n, store)) })
const popmapOf = () => readGdbm(agent.path('popmap.db'))

describe('after a failure', () => {
  test('the same state is tried again later and later, another one at once', async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(3), { revision: 1 })
    let compiles = 0
    const broken = (minute: number) => ({
      now: () => new Date(Date.UTC(2026, 10, 22, 13, minute)),
      at: (point: string) => {
        if (point !== 'compiled') return
        compiles++
        throw new Error('libgdbm has had enough')
      },
    })
    const codes: (string | undefined)[] = []
    for (const minute of [0, 0, 1, 2, 3, 4]) codes.push((await agent.sync({ world: broken(minute) })).maps[0]?.fault?.code)
    expect(codes).toEqual(['swap_failed', 'backing_off', 'swap_failed', 'backing_off', 'swap_failed', 'backing_off'])
    expect(compiles).toBe(3)
    expect((await agent.sync({ world: broken(4) })).exitCode).toBe(23)
    await agent.published.publish(popmap(4), { revision: 2 })
    expect((await agent.sync({ world: { now: () => new Date(Date.UTC(2026, 10, 22, 13, 4)) } })).exitCode).toBe(0)
    expect((await readStatus(agent.config, new Date())).maps[0]?.failure).toBeNull()
  })

  test('force tries at once', async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(3), { revision: 1 })
    await agent.sync({
      world: {
        at: (point) => {
          if (point === 'probed') throw new Error('no')
        },
      },
    })
    expect((await agent.sync()).maps[0]?.fault?.code).toBe('backing_off')
    expect((await agent.sync({ force: ['backoff'] })).exitCode).toBe(0)
  })

  test('a damaged local tree is fetched anew', async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(300), { revision: 1 })
    await agent.sync()
    const shards = join(agent.config.stateDir, 'trees', 'popmap', 'shards')
    const victim = readdirSync(shards).find((name) => statSync(join(shards, name)).size > 0) as string
    rmSync(join(shards, victim))
    writeFileSync(join(shards, victim), 'rot\n')
    rmSync(agent.path('popmap.db'))
    expect((await agent.sync()).maps[0]?.fault?.code).toBe('hash')
    expect((await agent.sync({ force: ['backoff'] })).exitCode).toBe(0)
    expect(popmapOf().size).toBe(300)
  })
})

describe('a compiled file that is not what its tree says', () => {
  beforeEach(async () => {
    agent = makeTestAgent(['popmap', 'userdb', 'text'])
    await agent.published.publish(
      { ...popmap(300), 'userdb@ms1': linesOf(300, userdbLine), 'dovecot-passwd@ms1': linesOf(300, passwdLine) },
      { revision: 7 },
    )
    await agent.sync()
  })

  /** Changes one value of a live file. */
  function tamper(name: string, key: string, value: string): void {
    const file = GdbmFile.update(agent.path(name))
    file.store(Buffer.from(key), Buffer.from(value), true)
    file.sync()
    file.close()
  }

  test.each([
    ['popmap.db', 0, 'user17@example.net: another value'],
    ['userdb.dat', 1, 'user17@example.net: another value'],
    ['userdbshadow.dat', 1, 'user17@example.net: another value'],
  ])('%s: verify names the key, and the next sync repairs and reports it', async (name, index, wrong) => {
    tamper(name, 'user17@example.net', 'something else')
    const verified = await verify(agent.config)
    expect(verified[index]).toMatchObject({ ok: false, wrong })
    const result = await agent.sync()
    expect(result.maps[index]?.repaired).not.toBeNull()
    expect((await verify(agent.config)).every((v) => v.ok)).toBe(true)
  })

  test('a changed value is found even where size and times are as they were', async () => {
    const before = statSync(agent.path('popmap.db'))
    tamper('popmap.db', 'user17@example.net', 'ms7.example.net:110')
    utimesSync(agent.path('popmap.db'), before.atime, before.mtime)
    expect(statSync(agent.path('popmap.db')).size).toBe(before.size)
    const result = await agent.sync()
    expect(result.maps[0]?.repaired).toBe('an entry does not say what its tree says: another value')
    expect(popmapOf().get('user17@example.net')).toBe('ms1.example.net:110')
  })

  test('an entry too many is found', async () => {
    tamper('popmap.db', 'stranger@example.net', 'ms1.example.net')
    expect((await verify(agent.config))[0]?.wrong).toBe('stranger@example.net: unexpected')
  })

  test('a text with a changed, a missing and a foreign line', async () => {
    const whole = readFileSync(agent.path('dovecot-passwd'), 'utf8')
    const wrongs: (string | null | undefined)[] = []
    const lines = whole.split('\n')
    for (const text of [
      whole.replace('hash-of-17:', 'hash-of-71:'),
      lines.filter((line) => !line.startsWith('user18@')).join('\n'),
      `${whole}${passwdLine(9999)}\n`,
      `${whole}no colon at all\n`,
    ]) {
      writeFileSync(agent.path('dovecot-passwd'), text)
      wrongs.push((await verify(agent.config))[2]?.wrong)
    }
    expect(wrongs.slice(0, 3)).toEqual([
      'user17@example.net: another value',
      'user18@example.net: missing',
      'user9999@example.net: unexpected',
    ])
    expect(wrongs[3]).not.toBeNull()
  })

  test('no value is ever shown', async () => {
    tamper('userdbshadow.dat', 'user17@example.net', 'systempw=$6$other')
    const shown = JSON.stringify(await verify(agent.config))
    expect(shown).not.toContain('$6$')
  })

  test('a missing file is made again', async () => {
    rmSync(agent.path('userdbshadow.dat'))
    const result = await agent.sync()
    expect(result.maps[1]).toMatchObject({ changed: true, repaired: 'a compiled file is gone' })
    expect(readGdbm(agent.path('userdbshadow.dat')).size).toBe(300)
  })
})

describe('what was compiled wrong is not put in place', () => {
  // Above 20,000 entries a probe looks at what changed and at a sample; below, at everything.
  test.each([
    ['whole', 300],
    ['sampled', 25_000],
  ])(
    '%s probe',
    async (_, count) => {
      agent = makeTestAgent(['popmap'])
      await agent.published.publish(popmap(count), { revision: 1 })
      await agent.sync()
      const lines = linesOf(count, popmapLine)
      lines[17] = popmapLine(17, 'ms2')
      lines.pop()
      await agent.published.publish({ popmap: lines }, { revision: 2 })
      const aside = agent.path('.popmap.db.muster-new')
      const withAside = (change: (file: GdbmFile) => void) => ({
        at: (point: string) => {
          // A patch that is wrong is built whole: that is damaged as well.
          if (point !== 'compiled' && point !== 'patched') return
          const file = GdbmFile.update(aside)
          change(file)
          file.close()
        },
      })
      const key = (n: number) => Buffer.from(`user${n}@example.net`)
      const inUse = () => {
        const file = GdbmFile.openReader(agent.path('popmap.db'))
        const found = { user17: file.fetch(key(17))?.toString(), size: file.count() }
        file.close()
        return found
      }
      const damages: ((file: GdbmFile) => void)[] = [
        (file) => file.store(key(17), Buffer.from('ms1.example.net:110'), true),
        (file) => file.remove(key(17)),
        (file) => file.remove(key(20)),
        (file) => file.store(key(count - 1), Buffer.from('ms1.example.net:110')),
        (file) => file.store(Buffer.from('\u0001muster-absent'), Buffer.from('x')),
      ]
      for (const damage of damages) {
        const result = await agent.sync({ force: ['backoff'], world: withAside(damage) })
        expect(result.maps[0]?.fault).toMatchObject({ step: 'probe', code: 'probe_failed' })
        expect(inUse()).toEqual({ user17: 'ms1.example.net:110', size: count })
      }
      // Where the patch alone is wrong, the whole takes its place in the same run.
      let passed = ''
      const { maps } = await agent.sync({
        force: ['backoff'],
        world: {
          at: (point) => {
            passed += `${point} `
            if (point === 'patched') withAside(damages[0] as (file: GdbmFile) => void).at(point)
          },
        },
      })
      expect(passed).toContain('cloned patched compiled probed')
      expect(maps[0]).toMatchObject({ fault: null, changed: true })
      expect(maps[0]?.repaired).toMatch(/^the files in use could not be patched: /)
      expect(inUse()).toEqual({ user17: 'ms2.example.net:110', size: count - 1 })
    },
    120_000,
  )
})
