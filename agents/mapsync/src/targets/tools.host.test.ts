import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeWithTools, toolPath } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, type TestAgent } from '../agent.fixture.js'
import { linesOf, popmapLine, userdbLine } from '../published.fixture.js'

/** Lines of every kind that these maps can have. */
const POPMAP = [
  ...linesOf(2000, popmapLine),
  "o'neil@example.net:10.0.0.2",
  'with#hash@example.net:10.0.0.3:995',
  'star*~^?@example.net:user@10.0.0.7:pop3',
  'ipv6@example.net:[2001:db8::1]:110',
  'xn--kse-qla@xn--kse-qla.example:ms1',
]
const USERDB = [
  ...linesOf(2000, userdbLine),
  'services@example.net\tuid=5000|gid=5000|home=/mail1/s|imappw=$6$a$b|esmtppw=$6$a$b',
  'suspended@example.net\tuid=5000|gid=5000|home=/mail1/t|mail=/mail1/t/Maildir',
  'between@example.net\tuid=1|systempw=$2b$10$x/y|gid=2|home=/h',
  'gecos@example.net\tuid=1|gid=2|home=/h|gecos=Jörg, the "pw" = man|options=disableimap=1',
  "o'neil@example.net\tuid=1|gid=2|home=/h|systempw=$y$j9T$abc$def",
]

let agent: TestAgent
/** The last of `POPMAP` and `USERDB` gone, the first changed, one added. */
const patched = (lines: readonly string[], changed: string, added: string) => [changed, ...lines.slice(1, -1), added]
const run = (tool: Parameters<typeof toolPath>[0], args: string[], input = '') =>
  execFileSync(toolPath(tool), args, { input, encoding: 'utf8' })

beforeAll(async () => {
  agent = makeTestAgent(['popmap', 'userdb'])
  await agent.published.publish({ popmap: POPMAP, 'userdb@ms1': USERDB }, { revision: 1 })
  await agent.sync()
})
afterAll(() => agent.remove())

const sorted = (entries: Map<string, string>) => [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))

describeWithTools('beside makegdbm', ['makegdbm', 'libgdbm'], () => {
  test('popmap.db has the entries that makegdbm makes of the same lines', () => {
    const theirs = agent.path('theirs.db')
    run('makegdbm', [theirs], `${POPMAP.join('\n')}\n`)
    expect(sorted(readGdbm(agent.path('popmap.db')))).toEqual(sorted(readGdbm(theirs)))
    expect(readGdbm(theirs).size).toBe(POPMAP.length)
  })

  test('and makegdbm itself says so', () => {
    const undo = (name: string) =>
      run('makegdbm', ['--undo', agent.path(name)])
        .split('\n')
        .toSorted()
    expect(undo('popmap.db')).toEqual(undo('theirs.db'))
  })
})

describeWithTools('beside makeuserdb', ['makeuserdb', 'libgdbm'], () => {
  test('the pair has the entries that makeuserdb makes of the published shards', () => {
    // The very folder of shards, as a site without an agent uses it.
    const shards = join(agent.published.folder, 'userdb@ms1', 'shards')
    const theirs = agent.path('theirs')
    mkdirSync(theirs, { mode: 0o700 })
    execFileSync('cp', ['-r', `${shards}/.`, theirs])
    chmodSync(theirs, 0o700)
    run('makeuserdb', ['-f', theirs])
    // `_=` names the file below the folder, which depends on where the folder lies.
    const withoutSource = (entries: Map<string, string>) => sorted(entries).map(([key, value]) => [key, value.replace(/\|?_=.*$/, '')])
    expect(withoutSource(readGdbm(agent.path('userdb.dat')))).toEqual(withoutSource(readGdbm(`${theirs}.dat`)))
    expect(sorted(readGdbm(agent.path('userdbshadow.dat')))).toEqual(sorted(readGdbm(`${theirs}shadow.dat`)))
    expect(readGdbm(agent.path('userdb.dat')).size).toBe(USERDB.length)
    expect(readGdbm(agent.path('userdbshadow.dat')).size).toBe(USERDB.length - 2)
  })
})

describeWithTools('files that were patched', ['makegdbm', 'gdbmtool', 'gdbm_dump', 'libgdbm'], () => {
  const popmap = patched(POPMAP, popmapLine(0, 'a-longer-name-than-before'), 'added@example.net:ms3')
  const userdb = patched(USERDB, userdbLine(0, { password: '$6$another$one' }), userdbLine(9999))

  test('are read whole by the tools, and hold what makegdbm makes of the new lines', async () => {
    const other = makeTestAgent(['popmap', 'userdb'])
    const passed: string[] = []
    try {
      await other.published.publish({ popmap: POPMAP, 'userdb@ms1': USERDB }, { revision: 1 })
      await other.sync()
      await other.published.publish({ popmap, 'userdb@ms1': userdb }, { revision: 2 })
      expect((await other.sync({ world: { at: (point) => void passed.push(point) } })).exitCode).toBe(0)
      expect(passed.filter((point) => point === 'patched')).toHaveLength(2)
      const theirs = other.path('theirs.db')
      run('makegdbm', [theirs], `${popmap.join('\n')}\n`)
      const undo = (file: string) => run('makegdbm', ['--undo', file]).split('\n').toSorted()
      expect(undo(other.path('popmap.db'))).toEqual(undo(theirs))
      expect(run('gdbmtool', ['--read-only', other.path('userdb.dat'), 'count'])).toContain(`${userdb.length} items`)
      expect(run('gdbmtool', ['--read-only', other.path('userdbshadow.dat'), 'fetch', 'user0@example.net'])).toContain('$6$another$one')
      expect(run('gdbm_dump', [other.path('userdbshadow.dat'), '-']).split('\n').length).toBeGreaterThan(userdb.length)
    } finally {
      other.remove()
    }
  })
})

describeWithTools('with gdbmtool', ['gdbmtool', 'gdbm_dump', 'libgdbm'], () => {
  test('gdbmtool reads what the agent wrote', () => {
    expect(run('gdbmtool', [agent.path('popmap.db'), 'count'])).toContain(`${POPMAP.length} items`)
    expect(run('gdbmtool', [agent.path('popmap.db'), 'fetch', 'user17@example.net']).trim()).toBe('ms1.example.net:110')
    expect(run('gdbm_dump', [agent.path('userdbshadow.dat'), '-']).split('\n').length).toBeGreaterThan(USERDB.length)
  })

  test('and writes to a copy of it, which the agent then reads', () => {
    const copy = agent.path('copy.db')
    writeFileSync(copy, readFileSync(agent.path('popmap.db')))
    run('gdbmtool', [copy, 'store', 'new@example.net', '10.0.0.9'])
    expect(readGdbm(copy).get('new@example.net')).toBe('10.0.0.9')
    expect(readGdbm(copy).size).toBe(POPMAP.length + 1)
  })

  test('a reader with a lock on the live file does not keep a swap from happening', async () => {
    const held = spawnSync(toolPath('gdbmtool'), ['--read-only', agent.path('popmap.db'), 'count'])
    expect(held.status).toBe(0)
    const { GdbmFile } = await import('../gdbm/gdbm-file.js')
    const reader = GdbmFile.openReader(agent.path('popmap.db'))
    await agent.published.publish({ popmap: [...POPMAP, 'later@example.net:ms2'] }, { revision: 2 })
    expect((await agent.sync()).exitCode).toBe(0)
    expect(reader.has(Buffer.from('later@example.net'))).toBe(false)
    reader.close()
    expect(readGdbm(agent.path('popmap.db')).get('later@example.net')).toBe('ms2')
  })
})
