import { chmodSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configFor, makeTestAgent, testWorld, type TestAgent } from '../agent.fixture.js'
import { linesOf, popmapLine, userdbLine } from '../published.fixture.js'
import { examine } from './doctor.js'

let agent: TestAgent
beforeEach(async () => {
  agent = makeTestAgent(['popmap', 'userdb'])
  await agent.published.publish({ popmap: linesOf(3, popmapLine), 'userdb@ms1': linesOf(3, userdbLine) }, { revision: 1 })
  await agent.sync()
})
afterEach(() => agent.remove())

const complaints = async (config = agent.config, now = new Date()) =>
  (await examine(config, testWorld({ now: () => now })))
    .filter(({ level }) => level !== 'ok')
    .map(({ level, what, detail }) => `${level} ${what}: ${detail}`)

test('finds nothing on a host that is in order, but that nobody sees it', async () => {
  expect(await complaints()).toEqual(['advice API: no api is configured: nobody sees where this host stands'])
})

test('finds what others may read', async () => {
  chmodSync(agent.config.stateDir, 0o755)
  const targets = agent.config.targets.map((t) => ({ ...t, shadowMode: 0o644 }))
  const found = (await complaints({ ...agent.config, targets })).join('\n')
  expect(found).toContain('fault state folder')
  expect(found).toContain('advice userdb@ms1')
})

test('finds a target that cannot be written, a link, and an account that is not there', async () => {
  rmSync(agent.path('userdb.dat'))
  symlinkSync('elsewhere', agent.path('userdb.dat'))
  const [popmap, userdb] = agent.config.targets
  if (popmap === undefined || userdb === undefined) throw new Error('two targets are configured')
  const targets = [
    { ...popmap, path: '/nowhere/popmap.db' },
    { ...userdb, owner: 'no-such-user' },
  ]
  const found = (await complaints({ ...agent.config, targets })).join('\n')
  expect(found).toContain('/nowhere')
  expect(found).toContain('is a symbolic link')
  expect(found).toContain('there is no user no-such-user')
})

test('finds a source that cannot be read, a foreign key, and a map that is not there', async () => {
  expect((await complaints({ ...agent.config, source: { kind: 'path', folder: '/nowhere' } })).join('\n')).toContain('fault source')
  const other = makeTestAgent(['popmap'])
  expect((await complaints({ ...agent.config, publisherKeys: other.config.publisherKeys })).join('\n')).toContain('signature_key_unknown')
  other.remove()
  const config = configFor(agent.folder, agent.published, ['text'])
  expect((await complaints(config)).join('\n')).toContain('fault dovecot-passwd@ms1: is not published there')
})

test('finds password hashes on their way over rsync://', async () => {
  const source = { kind: 'rsync', ssh: false, user: null, host: '192.0.2.1', port: 9 } as const
  const config = { ...agent.config, source, targets: agent.config.targets.filter((t) => t.map !== 'popmap') }
  expect((await complaints(config)).join('\n')).toContain('fault userdb@ms1: holds password hashes')
}, 40_000)

test('tells an old HEAD from a clock that is wrong', async () => {
  expect((await complaints(agent.config, new Date(Date.now() + 3_600_000))).join('\n')).toContain('advice HEAD')
  expect((await complaints(agent.config, new Date(Date.now() - 3_600_000))).join('\n')).toContain('fault clock')
})
