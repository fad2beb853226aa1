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

test('a program in a namespace is started by unshare, any other as it is', () => {
  expect(commandAs({ kind: 'self' }, '/bin/postgres', ['-D', 'x'])).toEqual({ file: '/bin/postgres', args: ['-D', 'x'] })
  expect(commandAs({ kind: 'namespace', uid: 1, gid: 2 }, '/bin/postgres', ['-D', 'x'])).toEqual({
    file: 'unshare',
    args: ['--user', '--map-user=1', '--map-group=2', '--', '/bin/postgres', '-D', 'x'],
  })
})

describe.runIf(me !== 0)('as an ordinary user', () => {
  test('it runs as we are', async () => {
    expect(await planPostgresUser(join(folder, 'new'), everywhere)).toEqual({ kind: 'self' })
  })

  test('a folder of somebody else is refused with both user numbers', async () => {
    await expect(planPostgresUser('/usr', everywhere)).rejects.toThrow(`/usr belongs to uid 0 and we are uid ${me}`)
  })
})

describe.runIf(me === 0)('as root', () => {
  test('a new folder that everybody may reach goes to an account of its own', async () => {
    await chmod(folder, 0o711)
    expect(await planPostgresUser(join(folder, 'new'), everywhere)).toMatchObject({ kind: 'account' })
  })

  test('a new folder behind a closed one, and one that holds the programs behind a closed one, is used in a namespace', async () => {
    const closed = await make('closed', 0o700)
    expect(await planPostgresUser(join(closed, 'new'), everywhere)).toMatchObject({ kind: 'namespace' })
    const binaries = { initdb: join(closed, 'initdb'), postgres: closed }
    expect(await planPostgresUser(join(folder, 'new'), binaries)).toMatchObject({ kind: 'namespace' })
  })

  test('a folder that exists is used as the account that owns it, or in a namespace when that is root', async () => {
    await chmod(folder, 0o711)
    const theirs = await make('theirs', 0o700, ACCOUNT)
    expect(await planPostgresUser(theirs, everywhere)).toEqual({ kind: 'account', uid: ACCOUNT, gid: ACCOUNT })
    const ours = await make('ours', 0o700, 0)
    expect(await planPostgresUser(ours, everywhere)).toMatchObject({ kind: 'namespace' })
  })

  test('a folder whose owner may no longer reach it is refused with what to do', async () => {
    const parent = await make('shut', 0o755)
    const theirs = await make('shut/postgres', 0o700, ACCOUNT)
    await chmod(parent, 0o700)
    await expect(planPostgresUser(theirs, everywhere)).rejects.toThrow(`chmod o+x ${parent}`)
  })
})
