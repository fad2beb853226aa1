import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, type TestAgent } from '../agent.fixture.js'
import type { AgentConfig } from '../config/agent-config.js'
import { linesOf, popmapLine } from '../published.fixture.js'

let agent: TestAgent
afterEach(() => agent.remove())

const popmap = (count: number, store?: string) => ({ popmap: linesOf(count, (n) => popmapLine(n, store)) })
const popmapOf = () => readGdbm(agent.path('popmap.db'))

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
