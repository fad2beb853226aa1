import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, type TestAgent } from '../agent.fixture.js'
import { verify } from '../commands/verify.js'
import { linesOf, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'
import { withState } from '../state/with-state.js'
import type { SyncResult } from './sync.js'

let agent: TestAgent
afterEach(() => agent.remove())

const popmap = (count: number, store?: string) => ({ popmap: linesOf(count, (n) => popmapLine(n, store)) })
const popmapOf = () => readGdbm(agent.path('popmap.db'))
const failureOf = ({ maps }: SyncResult) => maps[0]?.fault && { step: maps[0].fault.step, code: maps[0].fault.code }

describe('a round', () => {
  test('compiles every map of the config, and the files say what was published', async () => {
    agent = makeTestAgent(['popmap', 'userdb', 'text'], 256)
    await agent.published.publish(
      { ...popmap(300), 'userdb@ms1': linesOf(300, userdbLine), 'dovecot-passwd@ms1': linesOf(300, passwdLine) },
      { revision: 7 },
    )
    const result = await agent.sync()
    expect(result.maps.map((m) => m.fault?.message)).toEqual([undefined, undefined, undefined])
    expect(result.exitCode).toBe(0)
    expect(popmapOf().size).toBe(300)
    expect(popmapOf().get('user17@example.net')).toBe('ms1.example.net:110')
    const main = 'uid=5000|gid=5000|home=/mail1/user17|mail=/mail1/user17/Maildir|quota=1000S|_='
    expect(readGdbm(agent.path('userdb.dat')).get('user17@example.net')).toBe(main)
    expect(readGdbm(agent.path('userdbshadow.dat')).get('user17@example.net')).toBe('systempw=$6$salt$hash-of-17')
    const lines = readFileSync(agent.path('dovecot-passwd'), 'utf8').split('\n')
    expect(lines.slice(0, -1)).toEqual(linesOf(300, passwdLine).sort())
    const modes = ['popmap.db', 'userdb.dat', 'userdbshadow.dat', 'dovecot-passwd'].map((name) => statSync(agent.path(name)).mode & 0o777)
    expect(modes).toEqual([0o644, 0o644, 0o600, 0o640])
    expect(statSync(agent.config.stateDir).mode & 0o077).toBe(0)
    expect(readdirSync(agent.folder).filter((name) => name.startsWith('.'))).toEqual([])
  }, 30_000)

  test('leaves every file alone when nothing was published since', async () => {
    agent = makeTestAgent(['popmap', 'text'])
    await agent.published.publish({ ...popmap(5), 'dovecot-passwd@ms1': linesOf(5, passwdLine) }, { revision: 1 })
    await agent.sync()
    const before = ['popmap.db', 'dovecot-passwd'].map((name) => statSync(agent.path(name), { bigint: true }))
    const result = await agent.sync()
    expect(result.maps.map((m) => m.changed)).toEqual([false, false])
    const after = ['popmap.db', 'dovecot-passwd'].map((name) => statSync(agent.path(name), { bigint: true }))
    expect(after.map((s) => [s.ino, s.mtimeNs])).toEqual(before.map((s) => [s.ino, s.mtimeNs]))
  })

  test('each swap gives a new inode and a later second, however fast they come', async () => {
    agent = makeTestAgent(['text'])
    const seconds: number[] = []
    for (let n = 1; n <= 3; n++) {
      // Of one size: Dovecot tells such files apart by their second alone.
      await agent.published.publish({ 'dovecot-passwd@ms1': [passwdLine(1, `{CRYPT}${n}`)] }, { revision: n })
      await agent.sync()
      seconds.push(Math.floor(statSync(agent.path('dovecot-passwd')).mtimeMs / 1000))
    }
    expect(new Set(seconds).size).toBe(3)
    expect(seconds.toSorted((a, b) => a - b)).toEqual(seconds)
  })

  test('takes an empty map for a host that has never had one', async () => {
    agent = makeTestAgent(['popmap', 'userdb', 'text'])
    await agent.published.publish({ popmap: [], 'userdb@ms1': [], 'dovecot-passwd@ms1': [] }, { revision: 1 })
    expect((await agent.sync()).exitCode).toBe(0)
    expect(popmapOf().size).toBe(0)
    expect((await verify(agent.config)).every((v) => v.ok)).toBe(true)
  })

  test('a map that fails holds up no other, and its exit code is the one that is told', async () => {
    agent = makeTestAgent(['text', 'popmap'])
    await agent.published.publish(popmap(3), { revision: 1 })
    const result = await agent.sync()
    expect(result.maps.map((m) => m.fault?.code)).toEqual(['not_published', undefined])
    expect(result.exitCode).toBe(18)
    expect(popmapOf().size).toBe(3)
  })

  test('two at once are refused', async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(3), { revision: 1 })
    await withState(agent.config.stateDir, async () => {
      await expect(agent.sync()).rejects.toMatchObject({ exitCode: 6, code: 'locked' })
    })
    expect((await agent.sync()).exitCode).toBe(0)
  })

  test('a symbolic link is not replaced by a file', async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(3), { revision: 1 })
    mkdirSync(agent.path('elsewhere'))
    writeFileSync(agent.path('elsewhere/popmap.db'), '')
    symlinkSync('elsewhere/popmap.db', agent.path('popmap.db'))
    expect(failureOf(await agent.sync())).toEqual({ step: 'swap', code: 'swap_failed' })
    expect(readdirSync(agent.folder).filter((name) => name.startsWith('.'))).toEqual([])
  })
})
