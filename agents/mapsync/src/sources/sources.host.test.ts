import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  describeWithTools,
  RSYNCD_TOOLS,
  SSHD_TOOLS,
  startRsyncd,
  startSshd,
  writeRsyncdConf,
  type RunningRsyncd,
  type RunningSshd,
} from '@muster/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFor, makeTestAgent, type TestAgent } from '../agent.fixture.js'
import type { AgentConfig } from '../config/agent-config.js'
import { linesOf, popmapLine, userdbLine } from '../published.fixture.js'

const MAPS = ['popmap', 'userdb@ms1']

/** What every source must do, whatever it runs on. `configOf` gives the settings that lead to it. */
function behavesAsSource(settingsOf: () => Record<string, unknown>, agentOf: () => TestAgent): void {
  let config: AgentConfig
  const inodes = (map: string) => {
    const folder = join(config.stateDir, 'trees', map, 'shards')
    return new Map(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).ino]))
  }

  beforeAll(async () => {
    const agent = agentOf()
    rmSync(join(agent.folder, 'state'), { recursive: true, force: true })
    await agent.published.publish({ popmap: linesOf(400, popmapLine), 'userdb@ms1': linesOf(400, userdbLine) }, { revision: 10 })
    config = configFor(agent.folder, agent.published, ['popmap', 'userdb'], settingsOf())
  })

  test('brings whole maps', async () => {
    const result = await agentOf().sync({ config })
    expect(result.maps.map((m) => m.fault?.message)).toEqual([undefined, undefined])
    expect(result.maps.map((m) => m.applied?.entries)).toEqual([400, 400])
  })

  test('then brings only shards that differ', async () => {
    const agent = agentOf()
    const before = inodes('popmap')
    const lines = linesOf(400, popmapLine)
    lines[17] = popmapLine(17, 'ms2')
    await agent.published.publish({ popmap: lines }, { revision: 11 })
    const result = await agent.sync({ config })
    expect(result.exitCode).toBe(0)
    expect(result.maps.map((m) => m.changed)).toEqual([true, false])
    const changed = [...inodes('popmap')].filter(([name, inode]) => before.get(name) !== inode)
    expect(changed).toHaveLength(1)
  })

  test('goes on where an interrupted pull ended', async () => {
    const agent = agentOf()
    const lines = linesOf(400, (n) => popmapLine(n, 'ms3'))
    await agent.published.publish({ popmap: lines }, { revision: 12 })
    const killed = agent.sync({
      config,
      world: {
        at: (point) => {
          if (point === 'pulled') throw new Error('killed here')
        },
      },
    })
    expect((await killed).maps[0]?.fault?.message).toBe('killed here')
    const incoming = join(config.stateDir, 'incoming', 'popmap')
    const fetched = readdirSync(incoming)
    expect(fetched.length).toBeGreaterThan(100)
    // One got lost and one was damaged: these two are fetched, and the others are not.
    rmSync(join(incoming, fetched[0] as string))
    writeFileSync(join(incoming, fetched[1] as string), 'damaged')
    const kept = statSync(join(incoming, fetched[2] as string)).ino
    let seen = 0
    const result = await agent.sync({
      config,
      force: ['backoff'],
      world: { at: (point) => void (point === 'pulled' && (seen = statSync(join(incoming, fetched[2] as string)).ino)) },
    })
    expect(result.exitCode).toBe(0)
    expect(seen).toBe(kept)
    expect(existsSync(incoming)).toBe(false)
  })

  test('brings a tree that no snapshot was frozen of yet', async () => {
    const agent = agentOf()
    const cursor = await agent.published.publish({ popmap: linesOf(400, (n) => popmapLine(n, 'ms4')) }, { revision: 13 })
    if (config.source.kind === 'http') return
    rmSync(join(agent.published.folder, 'popmap', 'snapshots', `1-13-${cursor.nonce}`), { recursive: true })
    const result = await agent.sync({ config })
    expect(result.maps[0]?.fault?.message).toBeUndefined()
    expect(result.maps[0]?.applied?.cursor).toMatch(/^1-13-/)
  })

  test('says that it cannot be reached, and leaves what is compiled alone', async () => {
    const agent = agentOf()
    const head = join(agent.published.folder, 'HEAD')
    copyFileSync(head, `${head}.kept`)
    rmSync(head)
    const before = readFileSync(agent.path('popmap.db'))
    const result = await agent.sync({ config })
    copyFileSync(`${head}.kept`, head)
    expect(result.exitCode).toBe(4)
    expect(result.maps[0]?.fault?.code).toBe('source_unreachable')
    expect(readFileSync(agent.path('popmap.db')).equals(before)).toBe(true)
  })
}

describe('a path', () => {
  const agent = makeTestAgent(['popmap', 'userdb'], 256)
  afterAll(() => agent.remove())
  behavesAsSource(
    () => ({ source: agent.published.folder }),
    () => agent,
  )
})

describeWithTools('rsync://', RSYNCD_TOOLS, () => {
  const agent = makeTestAgent(['popmap', 'userdb'], 256)
  let daemon: RunningRsyncd
  beforeAll(async () => {
    daemon = await startRsyncd({ config: await writeRsyncdConf(agent.folder, agent.published.folder, MAPS) })
  })
  afterAll(async () => {
    await daemon.stop()
    agent.remove()
  })
  behavesAsSource(
    () => ({ source: daemon.url }),
    () => agent,
  )

  test('a map that the host may not read is refused by the daemon', async () => {
    const config = configFor(agent.folder, agent.published, ['popmap', 'text'], {
      source: daemon.url,
      stateDir: join(agent.folder, 'other-state'),
    })
    await agent.published.publish({ popmap: linesOf(5, popmapLine), 'dovecot-passwd@ms1': [] }, { revision: 20 })
    const result = await agent.sync({ config, force: ['shrunk'] })
    expect(result.maps.map((m) => m.fault?.code)).toEqual([undefined, 'source_unreachable'])
    expect(result.maps[1]?.fault?.message).toContain("Unknown module 'dovecot-passwd@ms1'")
  })
})

describeWithTools('rsync+ssh://', [...RSYNCD_TOOLS, ...SSHD_TOOLS], () => {
  const agent = makeTestAgent(['popmap', 'userdb'], 256)
  let daemon: RunningSshd
  beforeAll(async () => {
    const conf = await writeRsyncdConf(agent.folder, agent.published.folder, MAPS)
    daemon = await startSshd({ command: `rsync --server --daemon --config=${conf} .` })
  })
  afterAll(async () => {
    await daemon.stop()
    agent.remove()
  })
  const settings = () => ({
    source: `rsync+ssh://${daemon.user}@${daemon.listen.host}:${daemon.listen.port}`,
    ssh: { identityFile: daemon.identityFile, knownHostsFile: daemon.knownHostsFile },
  })
  behavesAsSource(settings, () => agent)

  test('a host whose key is not known is not talked to', async () => {
    const ssh = { identityFile: daemon.identityFile, knownHostsFile: '/dev/null' }
    const config = configFor(agent.folder, agent.published, ['popmap'], { ...settings(), ssh })
    const result = await agent.sync({ config })
    expect(result.maps[0]?.fault?.message).toContain('Host key verification failed')
  })
})

describe('http:// on loopback', () => {
  const agent = makeTestAgent(['popmap', 'userdb'], 256)
  const tokenFile = join(agent.folder, 'token')
  let server: Server
  beforeAll(async () => {
    writeFileSync(tokenFile, 'mk_abcdefghijkl_secret\n')
    server = createServer((request, response) => {
      const file = fileOf(agent.published.folder, request.url ?? '')
      const allowed = request.headers.authorization === 'Bearer mk_abcdefghijkl_secret'
      if (!allowed || file === null || !existsSync(file)) return response.writeHead(allowed ? 404 : 401).end()
      return response.end(readFileSync(file))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    server.close()
    agent.remove()
  })
  const source = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  behavesAsSource(
    () => ({ source: source(), tokenFile }),
    () => agent,
  )

  test('a token that is not taken is told, and not shown', async () => {
    writeFileSync(join(agent.folder, 'wrong'), 'mk_abcdefghijkl_other\n')
    const config = configFor(agent.folder, agent.published, ['popmap'], { source: source(), tokenFile: join(agent.folder, 'wrong') })
    const result = await agent.sync({ config })
    expect(result.maps[0]?.fault?.message).toContain('401')
    expect(result.maps[0]?.fault?.message).not.toContain('other')
  })
})

/** The publisher's routes on its folder, as docs/http-api.md has them. */
function fileOf(folder: string, url: string): string | null {
  if (url === '/v1/maps/head') return join(folder, 'HEAD')
  const [, map, cursor, rest] = /^\/v1\/maps\/([^/]+)\/snapshots\/([^/]+)\/(manifest|shards\/\w+)$/.exec(decodeURIComponent(url)) ?? []
  if (map === undefined || cursor === undefined || rest === undefined) return null
  return join(folder, map, 'snapshots', cursor, rest === 'manifest' ? 'MANIFEST' : rest)
}
