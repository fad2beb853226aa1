import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWithTools } from '@muster/testkit'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { processesThatName, runMuster, startMuster, until, type MusterProcess } from './muster-process.js'

const folder = mkdtempSync(join(tmpdir(), 'muster-start-'))
chmodSync(folder, 0o755)
const started: MusterProcess[] = []

/** Cheap hashes, since no test here is about their strength. */
const cheap = { MUSTER_ARGON2_MEMORY_KIB: '64', MUSTER_ARGON2_PASSES: '1', MUSTER_BCRYPT_COST: '4', MUSTER_SNAPSHOT_SECONDS: '1' }

interface Ready {
  readonly url: string
  readonly console: string
  readonly adminKeyFile: string
  readonly tryThese: readonly string[]
}

function serve(cwd: string, env: Record<string, string> = {}, more: { user?: string; args?: string[] } = {}): MusterProcess {
  mkdirSync(cwd, { recursive: true })
  const args = ['serve', '--local-host', '--json', ...(more.args ?? [])]
  const muster = startMuster({ args, cwd, env: { MUSTER_PORT: '0', ...cheap, ...env }, ...(more.user ? { user: more.user } : {}) })
  started.push(muster)
  return muster
}

async function ready(muster: MusterProcess): Promise<Ready> {
  const line = await until(muster, () => (muster.stdout().includes('\n') ? muster.stdout() : null))
  return JSON.parse(line) as Ready
}

function stop(muster: MusterProcess): Promise<number | NodeJS.Signals> {
  muster.child.kill('SIGINT')
  return muster.exited
}

/** Types a line into a shell, in the folder that the process was started in. */
function type(line: string, cwd: string): Record<string, unknown> {
  const shell = spawnSync('sh', ['-c', line], { cwd, encoding: 'utf8' })
  if (shell.status !== 0) throw new Error(`${line}\n${shell.stderr}`)
  return JSON.parse(shell.stdout) as Record<string, unknown>
}

function lookUp(file: string, key: string): string {
  return spawnSync('gdbmtool', ['--read-only', file, 'fetch', key], { encoding: 'utf8' }).stdout
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

afterEach(async () => {
  for (const muster of started.splice(0)) {
    muster.child.kill('SIGKILL')
    await muster.exited
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))

describeWithTools('npm start', ['curl', 'gdbmtool', 'libgdbm'], () => {
  test('a fresh folder becomes a running control plane whose printed lines lead to a compiled mailbox; a second start finds it again', async () => {
    const cwd = join(folder, 'fresh')
    const muster = serve(cwd)
    const first = await ready(muster)
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
    expect((await fetch(first.console)).status).toBe(200)
    expect(first.adminKeyFile).toBe('var/admin-key')
    expect(statSync(join(cwd, 'var/admin-key')).mode & 0o777).toBe(0o600)

    const [customer, domain, mailbox] = first.tryThese.map((line) => type(line, cwd))
    expect(customer).toMatchObject({ customerId: 'C-1001' })
    expect(domain).toMatchObject({ domain: 'example.net', customerId: 'C-1001' })
    expect(mailbox).toMatchObject({ address: 'tevie@example.net', mailstore: 'ms1', hasPassword: true })

    const compiled = join(cwd, 'var/hosts/local/compiled')
    await until(muster, () => lookUp(join(compiled, 'popmap.db'), 'tevie@example.net').includes('127.0.0.1'))
    await until(muster, () => lookUp(join(compiled, 'userdb.dat'), 'tevie@example.net').includes('/mail1/'))
    expect(statSync(join(compiled, 'userdbshadow.dat')).mode & 0o777).toBe(0o600)
    await until(muster, () => readIfThere(join(compiled, 'dovecot-passwd')).startsWith('tevie@example.net:{ARGON2ID}'))

    expect(await stop(muster)).toBe(0)
    expect(processesThatName(cwd)).toEqual([])

    const again = serve(cwd)
    const second = await ready(again)
    for (const line of second.tryThese) expect(type(line, cwd)).toHaveProperty('revision')
    const key = readFileSync(join(cwd, 'var/admin-key'), 'utf8').trim()
    const found = await fetch(`${second.url}/v1/mailboxes/tevie@example.net`, { headers: { authorization: `Bearer ${key}` } })
    expect(await found.json()).toMatchObject({ address: 'tevie@example.net', mailboxId: mailbox?.['mailboxId'] })
    expect(await stop(again)).toBe(0)
  })

  test('what the terminal shows holds the console, the key file and three lines, and no secret', async () => {
    const cwd = join(folder, 'shown')
    mkdirSync(cwd)
    const muster = startMuster({ args: ['serve', '--local-host'], cwd, env: { MUSTER_PORT: '0', ...cheap } })
    started.push(muster)
    const shown = await until(muster, () => (muster.stdout().includes('Ctrl-C') ? muster.stdout() : null))
    expect(shown).toMatch(/console +http:\/\/127\.0\.0\.1:\d+\/docs\n/)
    expect(shown).toMatch(/admin key +var\/admin-key\n/)
    expect(shown.match(/^ +curl .*$/gm)).toHaveLength(3)
    const key = readFileSync(join(cwd, 'var/admin-key'), 'utf8').trim()
    expect(shown + muster.stderr()).not.toContain(key)
    expect(await stop(muster)).toBe(0)
  })

  test('a second one on the same folder is refused, and the first goes on', async () => {
    const cwd = join(folder, 'twice')
    const muster = serve(cwd)
    const { url } = await ready(muster)
    const second = serve(cwd)
    expect(await second.exited).toBe(6)
    expect(JSON.parse(second.stderr().trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'data_folder_busy', message: expect.stringContaining(`process ${muster.pid}`) as string },
    })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await stop(muster)).toBe(0)
  })

  test('a port in use names the variable to set, and nothing keeps running', async () => {
    const one = serve(join(folder, 'port-one'))
    const { port } = new URL((await ready(one)).url)
    const other = serve(join(folder, 'port-two'), { MUSTER_PORT: port })
    expect(await other.exited).toBe(6)
    expect(other.stderr()).toContain(`Port ${port} on 127.0.0.1 is in use.`)
    expect(other.stderr()).toContain('MUSTER_PORT')
    expect(processesThatName(join(folder, 'port-two'))).toEqual([])
    expect(await stop(one)).toBe(0)
  })

  test('after kill -9 the next start has what was written', async () => {
    const cwd = join(folder, 'killed')
    const muster = serve(cwd)
    const { tryThese } = await ready(muster)
    type(tryThese[0] as string, cwd)
    muster.child.kill('SIGKILL')
    await muster.exited
    const again = serve(cwd)
    const { url } = await ready(again)
    const key = readFileSync(join(cwd, 'var/admin-key'), 'utf8').trim()
    const found = await fetch(`${url}/v1/customers/C-1001`, { headers: { authorization: `Bearer ${key}` } })
    expect(await found.json()).toMatchObject({ name: 'Example Ltd' })
    expect(await stop(again)).toBe(0)
  })

  test('the commands find the control plane and its key by themselves; a revoked admin key does not come back', async () => {
    const cwd = join(folder, 'commands')
    const muster = serve(cwd)
    const env = { MUSTER_PORT: new URL((await ready(muster)).url).port }
    const run = (...args: string[]) => runMuster({ args, cwd, env })
    expect((await run('hosts', 'list')).stdout).toMatch(/^local +proxy,mailstore +\*$/m)
    const made = await run('keys', 'create', '--name', 'billing', '--role', 'admin', '--json')
    const { token } = JSON.parse(made.stdout) as { token: string }
    const first = readFileSync(join(cwd, 'var/admin-key'), 'utf8').slice(3, 15)
    const withNew = (...args: string[]) => runMuster({ args, cwd, env: { ...env, MUSTER_API_KEY: token } })
    expect(await withNew('keys', 'revoke', first)).toMatchObject({ exit: 0 })
    expect(await run('keys', 'list')).toMatchObject({ exit: 3, stdout: '' })
    expect(await stop(muster)).toBe(0)

    const again = serve(cwd)
    env.MUSTER_PORT = new URL((await ready(again)).url).port
    expect(await run('keys', 'list')).toMatchObject({ exit: 3 })
    expect(await withNew('keys', 'list')).toMatchObject({ exit: 0 })
    expect(await stop(again)).toBe(0)

    const renewed = serve(cwd, {}, { args: ['--new-admin-key'] })
    env.MUSTER_PORT = new URL((await ready(renewed)).url).port
    expect(await run('keys', 'list')).toMatchObject({ exit: 0 })
    expect(await stop(renewed)).toBe(0)
    expect(await run('keys', 'list')).toMatchObject({ exit: 4, stderr: expect.stringContaining('MUSTER_API_URL') as string })
  })

  test('migrate and restore accept work on the embedded database once Muster is stopped, and wait for nobody while it runs', async () => {
    const cwd = join(folder, 'direct')
    const muster = serve(cwd)
    await ready(muster)
    expect(await runMuster({ args: ['restore', 'accept'], cwd })).toMatchObject({ exit: 6, stdout: '' })
    expect(await stop(muster)).toBe(0)
    expect(await runMuster({ args: ['migrate', '--json'], cwd })).toMatchObject({ exit: 0, stdout: '{"applied":[]}\n' })
    const accepted = await runMuster({ args: ['restore', 'accept', '--json'], cwd })
    expect(JSON.parse(accepted.stdout)).toMatchObject({ lineage: 2 })
    expect(processesThatName(cwd)).toEqual([])

    const again = serve(cwd)
    await ready(again)
    await until(again, () => /^cursor 2-/m.test(readIfThere(join(cwd, 'var/publish/HEAD'))))
    expect(await stop(again)).toBe(0)
  })

  describe.runIf(process.getuid?.() === 0)('as root', () => {
    test('it runs as an ordinary user', async () => {
      const cwd = join(folder, 'nobody')
      mkdirSync(cwd)
      chownSync(cwd, 65534, 65534)
      const muster = serve(cwd, {}, { user: 'nobody' })
      const { tryThese } = await ready(muster)
      for (const line of tryThese) expect(type(line, cwd)).toHaveProperty('revision')
      await until(muster, () => lookUp(join(cwd, 'var/hosts/local/compiled/popmap.db'), 'tevie@example.net').includes('127.0.0.1'))
      expect(statSync(join(cwd, 'var/postgres/data')).uid).toBe(65534)
      expect(await stop(muster)).toBe(0)
      expect(processesThatName(cwd)).toEqual([])
    })

    test('it runs as root in a folder that no other account may pass, such as /root', async () => {
      const cwd = join(folder, 'hidden')
      mkdirSync(cwd, { mode: 0o700 })
      const muster = serve(cwd)
      const { url } = await ready(muster)
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      expect(await stop(muster)).toBe(0)
      expect(processesThatName(cwd)).toEqual([])
    })
  })
})
