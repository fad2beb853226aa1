import { afterEach, describe, expect, test } from 'vitest'
import { makeTestAgent, type TestAgent } from '../agent.fixture.js'
import { GdbmFile } from '../gdbm/gdbm-file.js'
import { linesOf, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'
import { readFileSync } from 'node:fs'

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

describe('sync', () => {
  test('compiles every map of the config, and the files say what was published', async () => {
    agent = makeTestAgent(['popmap', 'userdb', 'text'])
    await agent.published.publish(
      { popmap: linesOf(300, popmapLine), 'userdb@ms1': linesOf(300, userdbLine), 'dovecot-passwd@ms1': linesOf(300, passwdLine) },
      { revision: 7 },
    )
    const result = await agent.sync()
    expect(result.maps.map((m) => m.fault?.message)).toEqual([undefined, undefined, undefined])
    expect(result.exitCode).toBe(0)
    const popmap = readGdbm(agent.path('popmap.db'))
    expect(popmap.size).toBe(300)
    expect(popmap.get('user17@example.net')).toBe('ms1.example.net:110')
    expect(readGdbm(agent.path('userdb.dat')).get('user17@example.net')).toBe(
      'uid=5000|gid=5000|home=/mail1/user17|mail=/mail1/user17/Maildir|quota=1000S|_=',
    )
    expect(readGdbm(agent.path('userdbshadow.dat')).get('user17@example.net')).toBe('systempw=$6$salt$hash-of-17')
    const lines = readFileSync(agent.path('dovecot-passwd'), 'utf8').split('\n')
    expect(lines.slice(0, -1)).toEqual(linesOf(300, passwdLine).sort())
  })
})
