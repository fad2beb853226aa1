import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { commandAs, planPostgresUser } from './postgres-user.js'

/** Stands for the server's programs: any file that everybody may run. */
const everywhere = { initdb: '/bin/sh', postgres: '/bin/sh' }
const folder = mkdtempSync(join(tmpdir(), 'muster-user-'))
const ACCOUNT = 65534
const me = process.geteuid?.() ?? 0

afterAll(() => rmSync(folder, { recursive: true }))

async function make(name: string, mode: number, owner?: number): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { recursive: true })
  await chmod(path, mode)
  if (owner !== undefined) await chown(path, owner, owner)
  return path
}

test('a program that needs no capability is started as it is', () => {
  const plain = { file: '/bin/postgres', args: ['-D', 'x'] }
  expect(commandAs({ kind: 'self' }, '/bin/postgres', ['-D', 'x'])).toEqual(plain)
  expect(commandAs({ kind: 'account', uid: 1, gid: 2, capability: null }, '/bin/postgres', ['-D', 'x'])).toEqual(plain)
})

// A suite that does not apply is not there, rather than skipped.
describe.each(me === 0 ? [] : ['as an ordinary user'])('%s', () => {
  test('it runs as we are', async () => {
    expect(await planPostgresUser(join(folder, 'new'), everywhere)).toEqual({ kind: 'self' })
  })

  test('a folder of somebody else is refused with both user numbers', async () => {
    await expect(planPostgresUser('/usr', everywhere)).rejects.toThrow(`/usr belongs to uid 0 and we are uid ${me}`)
  })
})

describe.each(me === 0 ? ['as root'] : [])('%s', () => {
  test('a new folder that everybody may reach goes to an account, which gets nothing of root', async () => {
    await chmod(folder, 0o711)
    const user = await planPostgresUser(join(folder, 'new'), everywhere)
    expect(user).toMatchObject({ kind: 'account', capability: null })
    expect(user).not.toMatchObject({ uid: 0 })
  })

  test('where the folder, or the programs, lie behind a closed one, the account is given the way in', async () => {
    const closed = await make('closed', 0o700)
    const way = { kind: 'account', capability: expect.stringMatching(/^dac_/) as string }
    expect(await planPostgresUser(join(closed, 'new'), everywhere)).toMatchObject(way)
    expect(await planPostgresUser(join(folder, 'new'), { initdb: closed, postgres: closed })).toMatchObject(way)
  })

  test('a folder that exists is used as the account that owns it', async () => {
    await chmod(folder, 0o711)
    const theirs = await make('theirs', 0o700, ACCOUNT)
    expect(await planPostgresUser(theirs, everywhere)).toEqual({ kind: 'account', uid: ACCOUNT, gid: ACCOUNT, capability: null })
  })
})
