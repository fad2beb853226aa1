import { chmodSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { describeWithTools, freePort, PERDITION_TOOLS, startPerdition, tryPop3Login } from '@muster/testkit'
import { afterEach, expect, test } from 'vitest'
import { makeTestAgent } from '../agent.fixture.js'
import { linesOf, popmapLine } from '../published.fixture.js'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** Takes every login; here to see where Perdition connects. */
async function listenAsStore(host: string, port: number, logins: string[]): Promise<void> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('+OK store\r\n')
    socket.on('data', (data) => {
      for (const line of data.toString().split('\r\n').filter(Boolean)) {
        if (line.startsWith('USER ')) logins.push(`${line.slice(5)} at ${host}`)
        socket.write(line === 'STAT' ? '+OK 0 0\r\n' : line === 'UIDL' ? '+OK\r\n.\r\n' : '+OK\r\n')
        if (line === 'QUIT') socket.end()
      }
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  cleanUps.push(() => server.close())
}

describeWithTools('Perdition with a map that is patched while it runs', [...PERDITION_TOOLS, 'libgdbm'], () => {
  test('sends each login where the present map says, and refuses one that was removed', async () => {
    const agent = makeTestAgent(['popmap'])
    cleanUps.push(() => agent.remove())
    // Perdition looks up as nobody.
    chmodSync(agent.folder, 0o755)
    const listen = { host: '127.0.0.30', port: await freePort('127.0.0.30') }
    const outgoingPort = await freePort('127.0.0.31')
    const logins: string[] = []
    for (const host of ['127.0.0.31', '127.0.0.32']) await listenAsStore(host, outgoingPort, logins)
    const others = linesOf(200, popmapLine)
    await agent.published.publish({ popmap: [...others, 'moved@example.net:127.0.0.31', 'gone@example.net:127.0.0.31'] }, { revision: 1 })
    await agent.sync()
    const perdition = await startPerdition({ map: agent.path('popmap.db'), listen, outgoingPort })
    cleanUps.push(() => perdition.stop())
    const login = async (user: string) => (await tryPop3Login(listen, `${user}@example.net`, 'secret')).ok
    expect([await login('moved'), await login('gone'), await login('new')]).toEqual([true, true, false])
    await agent.published.publish({ popmap: [...others, 'moved@example.net:127.0.0.32', 'new@example.net:127.0.0.32'] }, { revision: 2 })
    const passed: string[] = []
    await agent.sync({ world: { at: (point) => void passed.push(point) } })
    expect(passed).toContain('patched')
    expect([await login('moved'), await login('gone'), await login('new')]).toEqual([true, false, true])
    expect(logins).toEqual([
      'moved@example.net at 127.0.0.31',
      'gone@example.net at 127.0.0.31',
      'moved@example.net at 127.0.0.32',
      'new@example.net at 127.0.0.32',
    ])
  })
})
