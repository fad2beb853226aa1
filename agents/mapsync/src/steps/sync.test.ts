import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSigningKey, parsePinnedKeys, renderPublicKey } from '@muster/maptree'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTestAgent, testWorld, type TestAgent } from '../agent.fixture.js'
import { readStatus } from '../commands/status.js'
import { verify } from '../commands/verify.js'
import type { AgentConfig } from '../config/agent-config.js'
import { GdbmFile } from '../gdbm/gdbm-file.js'
import { linesOf, makePublishedFolder, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'
import { withState } from '../state/with-state.js'
import type { SyncResult } from './sync.js'

let agent: TestAgent
afterEach(() => agent.remove())

function readGdbm(path: string): Map<string, string> {
  const file = GdbmFile.openReader(path)
  try {
    return new Map([...file.keys()].map((key) => [key.toString(), file.fetch(key)?.toString() ?? '']))
  } finally {
    file.close()
  }
}

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

describe('what is refused leaves the last good map in place', () => {
  beforeEach(async () => {
    agent = makeTestAgent(['popmap'])
    await agent.published.publish(popmap(500), { revision: 5 })
    await agent.sync()
  })

  async function expectRefused(result: SyncResult, code: string, exitCode: number): Promise<void> {
    expect(result.maps[0]?.fault?.code).toBe(code)
    expect(result.exitCode).toBe(exitCode)
    expect(popmapOf().size).toBe(500)
    expect(popmapOf().get('user17@example.net')).toBe('ms1.example.net:110')
    const { maps } = await readStatus(agent.config, new Date())
    expect(maps[0]?.failure?.code).toBe(code)
  }

  test('an empty map, unless forced', async () => {
    await agent.published.publish({ popmap: [] }, { revision: 6 })
    await expectRefused(await agent.sync(), 'empty', 11)
    await expectRefused(await agent.sync({ force: ['shrunk'] }), 'empty', 11)
    expect((await agent.sync({ force: ['empty'] })).exitCode).toBe(0)
    expect(popmapOf().size).toBe(0)
  })

  test('a map that shrank, unless forced', async () => {
    await agent.published.publish(popmap(399), { revision: 6 })
    await expectRefused(await agent.sync(), 'shrunk', 12)
    expect((await agent.sync({ force: ['shrunk'] })).exitCode).toBe(0)
    expect(popmapOf().size).toBe(399)
  })

  test('a HEAD that somebody else signed, whatever is forced', async () => {
    const other = makePublishedFolder(agent.published.folder, generateSigningKey())
    await other.publish(popmap(501), { revision: 6 })
    await expectRefused(await agent.sync({ force: ['empty', 'shrunk', 'older', 'disk', 'backoff'] }), 'signature', 13)
  })

  test('a HEAD in which one byte is another', async () => {
    const head = join(agent.published.folder, 'HEAD')
    writeFileSync(head, readFileSync(head, 'utf8').replace('map popmap 1-5-', 'map popmap 1-6-'))
    await expectRefused(await agent.sync(), 'signature', 13)
  })

  test('a shard that is not what its manifest vouches for', async () => {
    const cursor = await agent.published.publish(popmap(500, 'ms2'), { revision: 6 })
    const shards = join(agent.published.folder, 'popmap', 'snapshots', `1-6-${cursor.nonce}`, 'shards')
    const victim = join(shards, '00')
    const text = readFileSync(victim, 'utf8')
    rmSync(victim)
    writeFileSync(victim, text.replace('ms2', 'ms6'))
    await expectRefused(await agent.sync(), 'hash', 14)
  })

  test('an older revision, and another history of the same number, unless forced', async () => {
    await agent.published.publish(popmap(500, 'ms2'), { revision: 4 })
    await expectRefused(await agent.sync(), 'older', 16)
    await agent.published.publish(popmap(500, 'ms3'), { revision: 5, nonce: 'b'.repeat(16) })
    await expectRefused(await agent.sync(), 'older', 16)
    expect((await agent.sync({ force: ['older'] })).exitCode).toBe(0)
    expect(popmapOf().get('user17@example.net')).toBe('ms3.example.net:110')
    // From here on that history is the one to go by.
    await agent.published.publish(popmap(500, 'ms4'), { revision: 6 })
    expect((await agent.sync()).exitCode).toBe(0)
  })

  test('also after the state file was lost', async () => {
    rmSync(join(agent.config.stateDir, 'state.json'))
    await agent.published.publish(popmap(500, 'ms2'), { revision: 4 })
    expect(failureOf(await agent.sync())?.code).toBe('older')
  })

  test('a new lineage with lower revisions is taken, and said', async () => {
    await agent.published.publish(popmap(500, 'ms2'), { lineage: 2, revision: 3 })
    const result = await agent.sync()
    expect(result.exitCode).toBe(0)
    expect(result.maps[0]?.newLineage).toBe(true)
    await agent.published.publish(popmap(500, 'ms3'), { lineage: 1, revision: 9 })
    expect((await agent.sync()).maps[0]?.fault?.code).toMatch(/older|not_published/)
  })

  test('a disk without room, before anything is fetched', async () => {
    await agent.published.publish(popmap(600), { revision: 6 })
    await expectRefused(await agent.sync({ world: { freeBytes: async () => 1000 } }), 'disk_full', 15)
    expect(existsSync(join(agent.config.stateDir, 'incoming', 'popmap'))).toBe(false)
    expect((await agent.sync({ force: ['disk'], world: { freeBytes: async () => 10_000_000_000 } })).exitCode).toBe(0)
  })

  test('password hashes over rsync:// from another machine', async () => {
    const source = { kind: 'rsync', ssh: false, user: null, host: 'maps.example.net', port: null } as const
    agent.remove()
    agent = makeTestAgent(['userdb'])
    await agent.published.publish({ 'userdb@ms1': linesOf(5, userdbLine) }, { revision: 5 })
    // HEAD holds no secret; it is the map that is refused, before a name is looked up.
    const head = readFileSync(join(agent.published.folder, 'HEAD'), 'utf8')
    const { headEntry } = await import('./pull.js')
    const { makeContext } = await import('./context.js')
    const { parseHead } = await import('@muster/maptree')
    const config = { ...agent.config, source }
    const context = makeContext(config, { version: 1, head: null, maps: {}, targets: {} }, testWorld())
    const read = () => headEntry(context, parseHead(head, config.publisherKeys, 'HEAD'), 'userdb@ms1', true)
    expect(read).toThrow(expect.objectContaining({ code: 'source_insecure' }))
  })
})

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

describe('the report', () => {
  let server: Server
  let received: { url: string; authorization: string | undefined; body: { reports: Record<string, unknown>[] } }[]
  let status: number
  let config: Partial<AgentConfig>

  beforeEach(async () => {
    received = []
    status = 200
    server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => {
        const { url = '', headers } = request
        received.push({ url, authorization: headers.authorization, body: JSON.parse(text) as { reports: Record<string, unknown>[] } })
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ saved: 1, ignored: [] }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    agent = makeTestAgent(['popmap'])
    const tokenFile = agent.path('token')
    writeFileSync(tokenFile, 'mk_abcdefghijkl_secret\n')
    config = { api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokenFile }
  })
  afterEach(() => void server.close())

  test('says what is in effect, with the root that was read back', async () => {
    await agent.published.publish(popmap(3), { revision: 1 })
    const result = await agent.sync({ config })
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ url: '/v1/hosts/host1/reports', authorization: 'Bearer mk_abcdefghijkl_secret' })
    const { cursor, root } = result.maps[0]?.applied ?? {}
    expect(received[0]?.body.reports).toEqual([{ map: 'popmap', cursor, root, level: 'effective', failedStep: null, reason: null }])
    expect(cursor).toMatch(/^1-1-/)
  })

  test('names the failed step and why, beside what is still in effect', async () => {
    await agent.published.publish(popmap(3), { revision: 1 })
    await agent.sync({ config })
    await agent.published.publish({ popmap: [] }, { revision: 2 })
    await agent.sync({ config })
    expect(received[1]?.body.reports[0]).toMatchObject({ level: 'effective', failedStep: 'pull' })
    expect(received[1]?.body.reports[0]?.['cursor']).toMatch(/^1-1-/)
    expect(received[1]?.body.reports[0]?.['reason']).toContain('empty')
  })

  test('a repaired file is reported as found wrong', async () => {
    await agent.published.publish(popmap(3), { revision: 1 })
    await agent.sync({ config })
    rmSync(agent.path('popmap.db'))
    await agent.sync({ config })
    expect(received[1]?.body.reports[0]).toMatchObject({ failedStep: 'check', reason: 'a compiled file is gone; it was compiled again' })
  })

  test('an old HEAD is reported and stops nothing', async () => {
    await agent.published.publish(popmap(3), { revision: 1, issued: new Date(Date.now() - 11 * 60_000) })
    const result = await agent.sync({ config })
    expect(result.exitCode).toBe(0)
    expect(popmapOf().size).toBe(3)
    expect(received[0]?.body.reports[0]).toMatchObject({ level: 'effective', failedStep: 'head-age' })
    expect(received[0]?.body.reports[0]?.['reason']).toContain('11 minutes')
  })

  test('that is not taken does not undo the sync; the exit code tells', async () => {
    status = 503
    await agent.published.publish(popmap(3), { revision: 1 })
    const result = await agent.sync({ config })
    expect(result.exitCode).toBe(10)
    expect(popmapOf().size).toBe(3)
    expect(result.reportFault?.message).not.toContain('secret')
  })
})

describe('what was compiled wrong is not put in place', () => {
  // Above 50,000 entries a probe looks at what changed and at a sample; below, at everything.
  test.each([
    ['whole', 300],
    ['sampled', 60_000],
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
          if (point !== 'compiled') return
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
        expect(popmapOf().get('user17@example.net')).toBe('ms1.example.net:110')
        expect(popmapOf().size).toBe(count)
      }
      expect((await agent.sync({ force: ['backoff'] })).exitCode).toBe(0)
      expect(popmapOf().get('user17@example.net')).toBe('ms2.example.net:110')
      expect(popmapOf().size).toBe(count - 1)
    },
    60_000,
  )
})

test('a publisher key that was replaced leaves the map as it is until the new one is pinned', async () => {
  agent = makeTestAgent(['popmap'])
  await agent.published.publish(popmap(300), { revision: 1 })
  await agent.sync()
  const next = makePublishedFolder(agent.published.folder, generateSigningKey())
  await next.publish(popmap(301), { revision: 2 })
  expect((await agent.sync()).exitCode).toBe(13)
  expect(popmapOf().size).toBe(300)
  const publisherKeys = [...agent.config.publisherKeys, ...parsePinnedKeys(renderPublicKey({ keyId: '', publicKey: next.key.publicKey }))]
  expect((await agent.sync({ config: { publisherKeys } })).exitCode).toBe(0)
  expect(popmapOf().size).toBe(301)
})
