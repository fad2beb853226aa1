import { existsSync, readFileSync, statSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js'

const folder = await mkdtemp(join(tmpdir(), 'muster-embedded-'))
await chmod(folder, 0o711)
const running: EmbeddedPostgres[] = []
const isRoot = process.geteuid?.() === 0

async function start(dir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dir, sync: false, settings: { fsync: 'off', shared_buffers: '16MB' } })
  running.push(server)
  return server
}

async function ask(server: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: server.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

function isGone(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(statusOf(pid))
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return 'State: Z'
  }
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))

test('what was written is there after a stop and a start, with the same password', async () => {
  const dir = join(folder, 'kept')
  const first = await start(dir)
  await ask(first, 'CREATE TABLE kept AS SELECT 42 AS n')
  await first.stop()
  const second = await start(dir)
  expect(await ask(second, 'SELECT n FROM kept')).toEqual([42])
  expect(new URL(second.url).password).toBe(new URL(first.url).password)
})

test('stop() returns when the server is gone and the data is marked as shut down', async () => {
  const dir = join(folder, 'stopped')
  const server = await start(dir)
  await server.stop()
  expect(isGone(server.pid)).toBe(true)
  expect(existsSync(join(dir, 'data', 'postmaster.pid'))).toBe(false)
})

test('the password is in no argument list and in no file that others may read', async () => {
  const dir = join(folder, 'secrets')
  const server = await start(dir)
  const { password } = new URL(server.url)
  expect(await readFile(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(password)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  const modes = ['password', 'superuser-password', 'postgres.log'].map((name) => statSync(join(dir, name)).mode & 0o777)
  expect(modes).toEqual([0o600, 0o600, 0o600])
  expect(await readFile(join(dir, 'postgres.log'), 'utf8')).not.toContain(password)
})

test('a start that was killed while it made the cluster leaves nothing behind for the next', async () => {
  const dir = join(folder, 'half', 'postgres')
  await mkdir(join(`${dir}.new-AbC123`, 'data', 'base'), { recursive: true })
  await writeFile(join(`${dir}.new-AbC123`, 'data', 'PG_VERSION'), '18\n')
  await start(dir)
  expect(await readdir(join(folder, 'half'))).toEqual(['postgres'])
})

test('a cluster that cannot be made leaves no folder', async () => {
  await mkdir(join(folder, 'refused'))
  await expect(start(join(folder, 'refused', 'x'.repeat(254)))).rejects.toThrow('ENAMETOOLONG')
  expect(await readdir(join(folder, 'refused'))).toEqual([])
})

test('a server that an earlier run left behind is stopped, and its data used', async () => {
  const dir = join(folder, 'orphan')
  const orphan = await start(dir)
  await ask(orphan, 'CREATE TABLE kept AS SELECT 7 AS n')
  const server = await start(dir)
  await orphan.exited
  expect(server.pid).not.toBe(orphan.pid)
  expect(await ask(server, 'SELECT n FROM kept')).toEqual([7])
})

test('after kill -9 of the server the next start recovers what was committed', async () => {
  const dir = join(folder, 'crashed')
  const crashed = await start(dir)
  await ask(crashed, 'CREATE TABLE kept AS SELECT generate_series(1, 500) AS n')
  process.kill(crashed.pid, 'SIGKILL')
  await crashed.exited
  expect(await ask(await start(dir), 'SELECT count(*)::int FROM kept')).toEqual([500])
})

test.each([
  ['of a process that is somebody else', process.pid],
  ['of no process', 4_194_303],
])('a pid file that holds the number %s does not keep the server from starting', async (_what, pid) => {
  const dir = join(folder, `stale-${pid}`)
  const first = await start(dir)
  const file = join(dir, 'data', 'postmaster.pid')
  const lines = (await readFile(file, 'utf8')).split('\n')
  await first.stop()
  await writeFile(file, [String(pid), ...lines.slice(1)].join('\n'), { mode: 0o600 })
  await chown(file, statSync(dir).uid, statSync(dir).gid)
  expect(await ask(await start(dir), 'SELECT 1')).toEqual([1])
})

test('two servers on two folders do not meet', async () => {
  const [one, two] = [await start(join(folder, 'one')), await start(join(folder, 'two'))]
  expect(one.port).not.toBe(two.port)
  expect(await ask(two, 'SELECT 1')).toEqual([1])
})

test('a server that does not start says why', async () => {
  const dir = join(folder, 'broken')
  await (await start(dir)).stop()
  await writeFile(join(dir, 'data', 'PG_VERSION'), '12\n')
  await expect(start(dir)).rejects.toThrow(/does not start[^]*incompatible with server/)
})

describe.each(isRoot ? ['as root'] : [])('%s', () => {
  test('it runs as the account that owns its files, at this start and the next', async () => {
    const dir = join(folder, 'account')
    const server = await start(dir)
    expect(statSync(join(dir, 'data')).uid).toBeGreaterThan(0)
    expect(statusOf(server.pid)).toContain(`Uid:\t${statSync(join(dir, 'data')).uid}\t`)
    await ask(server, 'CREATE TABLE kept AS SELECT 1 AS n')
    await server.stop()
    expect(isGone(server.pid)).toBe(true)
    expect(await ask(await start(dir), 'SELECT n FROM kept')).toEqual([1])
  })

  test('it runs as the account where that may not look, with no more than the way in, again at the next start', async () => {
    const hidden = join(folder, 'hidden')
    await mkdir(hidden, { mode: 0o700 })
    const dir = join(hidden, 'postgres')
    const first = await start(dir)
    expect(statSync(join(dir, 'data')).uid).toBeGreaterThan(0)
    expect(statusOf(first.pid)).toContain(`Uid:\t${statSync(dir).uid}\t`)
    // CAP_DAC_READ_SEARCH is bit 2, CAP_DAC_OVERRIDE bit 1: one of them, and nothing else.
    expect(statusOf(first.pid)).toMatch(/CapEff:\t0{15}[24]\n/)
    await ask(first, 'CREATE TABLE kept AS SELECT 1 AS n')
    await first.stop()
    expect(isGone(first.pid)).toBe(true)
    expect(await ask(await start(dir), 'SELECT n FROM kept')).toEqual([1])
  })
})
