import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { bundleScript, type BundledScript } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTestAgent, type TestAgent } from '../agent.fixture.js'
import { linesOf, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'

const COUNT = 400
const SWAPS = 24
let child: BundledScript
let agent: TestAgent

beforeAll(async () => {
  child = await bundleScript(new URL('./reader-child.fixture.ts', import.meta.url))
  agent = makeTestAgent(['popmap', 'userdb', 'text'])
})
afterAll(async () => {
  agent.remove()
  await child.remove()
})

/** The accounts that stay have another store, quota and password each time; one account comes and another goes. */
function generation(n: number) {
  const fleeting = userdbLine(0, { password: `$6$salt$${n}` }).replace('user0@', n % 2 === 0 ? 'fleeting@' : 'other@')
  return {
    popmap: linesOf(COUNT, (i) => popmapLine(i, `ms${n}`)),
    'userdb@ms1': [...linesOf(COUNT, (i) => userdbLine(i, { quota: n, password: `$6$salt$${n}` })), fleeting],
    'dovecot-passwd@ms1': linesOf(COUNT, (i) => passwdLine(i, `{CRYPT}$6$salt$${n}`)),
  }
}

interface Seen {
  readonly lookups: number
  readonly wrong: string[]
  readonly generations: string[]
}

test('while files are swapped, no lookup fails, and none misses what is in both the old and the new', async () => {
  await agent.published.publish(generation(0), { revision: 1 })
  await agent.sync()
  const readers = [1, 2].map(() =>
    spawn(process.execPath, [child.file, agent.folder, String(COUNT)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  const ended = readers.map((reader) => once(reader, 'close'))
  const outputs = readers.map((reader) => {
    const output = { text: '' }
    reader.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()))
    return output
  })
  await Promise.all(readers.map((reader) => once(reader.stdout, 'data')))
  for (let n = 1; n <= SWAPS; n++) {
    await agent.published.publish(generation(n), { revision: n + 1 })
    const { maps } = await agent.sync()
    expect(maps.map((map) => [map.changed, map.fault?.message])).toEqual([
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ])
  }
  for (const reader of readers) reader.stdin.end()
  await Promise.all(ended)
  for (const { text } of outputs) {
    const seen = JSON.parse(text.replace('reading\n', '')) as Seen
    expect(seen.wrong).toEqual([])
    // It did read while they were swapped: several generations of both maps.
    expect(seen.lookups).toBeGreaterThan(100)
    expect(seen.generations.filter((g) => g.startsWith('popmap')).length).toBeGreaterThan(2)
    expect(seen.generations.filter((g) => g.startsWith('userdb')).length).toBeGreaterThan(2)
  }
}, 300_000)
