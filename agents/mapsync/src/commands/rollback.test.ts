import { renderCursor } from '@muster/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTestAgent, testWorld, type TestAgent } from '../agent.fixture.js'
import { GdbmFile } from '../gdbm/gdbm-file.js'
import { linesOf, popmapLine } from '../published.fixture.js'
import { rollback, unpin } from './rollback.js'
import { readStatus } from './status.js'

let agent: TestAgent
const cursors: string[] = []

beforeEach(async () => {
  agent = makeTestAgent(['popmap'])
  cursors.length = 0
  for (let n = 1; n <= 3; n++) cursors.push(renderCursor(await publish(n)))
})
afterEach(() => agent.remove())

async function publish(n: number) {
  const cursor = await agent.published.publish({ popmap: linesOf(10, (i) => popmapLine(i, `ms${n}`)) }, { revision: n })
  await agent.sync()
  return cursor
}

function valueInUse(): string | undefined {
  const file = GdbmFile.openReader(agent.path('popmap.db'))
  const value = file.fetch(Buffer.from('user5@example.net'))?.toString()
  file.close()
  return value
}

test('goes back to the tree applied before, stays there through syncs, and goes on when it is unpinned', async () => {
  expect(valueInUse()).toBe('ms3.example.net:110')
  const result = await rollback(agent.config, testWorld(), 'popmap')
  expect(result.exitCode).toBe(0)
  expect(valueInUse()).toBe('ms2.example.net:110')
  expect((await agent.sync()).maps[0]).toMatchObject({ changed: false, pinned: cursors[1], applied: { cursor: cursors[1] } })
  expect((await readStatus(agent.config, new Date())).maps[0]?.pinned).toBe(cursors[1])
  await publish(4)
  expect(valueInUse()).toBe('ms2.example.net:110')
  await unpin(agent.config, 'popmap')
  await agent.sync()
  expect(valueInUse()).toBe('ms4.example.net:110')
})

test('does not lead from one rollback back to what was rolled back', async () => {
  await rollback(agent.config, testWorld(), 'popmap')
  await expect(rollback(agent.config, testWorld(), 'popmap')).rejects.toMatchObject({ exitCode: 26 })
  expect(valueInUse()).toBe('ms2.example.net:110')
})

test('after it the next rollback goes to the state before it', async () => {
  await rollback(agent.config, testWorld(), 'popmap')
  await unpin(agent.config, 'popmap')
  await publish(4)
  await rollback(agent.config, testWorld(), 'popmap')
  expect(valueInUse()).toBe('ms2.example.net:110')
})

test('killed in the middle, it is finished by the next sync', async () => {
  const world = testWorld({
    at: (point) => {
      if (point === 'staged') throw new Error('killed')
    },
  })
  await rollback(agent.config, world, 'popmap')
  expect((await agent.sync({ force: ['backoff'] })).exitCode).toBe(0)
  expect(valueInUse()).toBe('ms2.example.net:110')
})

test('a map the config does not name, and one without an earlier tree, are refused', async () => {
  await expect(rollback(agent.config, testWorld(), 'userdb')).rejects.toMatchObject({ exitCode: 2 })
  agent.remove()
  agent = makeTestAgent(['popmap'])
  await publish(1)
  await expect(rollback(agent.config, testWorld(), 'popmap')).rejects.toMatchObject({ exitCode: 26 })
})
