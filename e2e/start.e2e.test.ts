import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeWithTools } from '@muster/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

function serve(cwd: string, more: { user?: string; args?: string[]; env?: Record<string, string> } = {}): MusterProcess {
  mkdirSync(cwd, { recursive: true })
  const args = ['serve', '--local-host', ...(more.args ?? ['--json'])]
  const muster = startMuster({ args, cwd, env: { MUSTER_PORT: '0', ...cheap, ...more.env }, ...(more.user ? { user: more.user } : {}) })
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

function adminKey(cwd: string): string {
  return readFileSync(join(cwd, 'var/admin-key'), 'utf8').trim()
}

function mayPass(path: string): boolean {
  return (statSync(path).mode & 0o001) !== 0 && (path === '/' || mayPass(dirname(path)))
}

afterAll(async () => {
  for (const muster of started) {
    muster.child.kill('SIGKILL')
    await muster.exited
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
})

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
    await until(muster, () => readIfThere(join(compiled, 'dovecot-passwd')).startsWith('tevie@example.net:{ARGON2ID}'))
    expect(statSync(join(compiled, 'userdbshadow.dat')).mode & 0o777).toBe(0o600)

    expect(await stop(muster)).toBe(0)
    expect(processesThatName(cwd)).toEqual([])

    const again = serve(cwd, { args: [] })
    const shown = await until(again, () => (again.stdout().includes('Ctrl-C') ? again.stdout() : null))
    expect(shown).toMatch(/console +http:\/\/127\.0\.0\.1:\d+\/docs\n/)
    expect(shown).toMatch(/admin key +var\/admin-key\n/)
    expect(shown + again.stderr()).not.toContain(adminKey(cwd))
    const lines = shown.match(/^ +curl .*$/gm) ?? []
    expect(lines).toHaveLength(3)
    const answers = lines.map((line) => type(line, cwd))
    expect(answers[2]).toMatchObject({ mailboxId: mailbox?.['mailboxId'], quotaBytes: 1_000_000_000 })
    expect(await stop(again)).toBe(0)
  })

  describe('while it runs, and after', () => {
    const cwd = join(folder, 'shared')
    let muster: MusterProcess
    let url: string
    let token: string
    const run = (args: string[], key?: string) =>
      runMuster({ args, cwd, env: { MUSTER_PORT: new URL(url).port, ...(key === undefined ? {} : { MUSTER_API_KEY: key }) } })

    async function startAgain(...args: string[]): Promise<Ready> {
      muster = serve(cwd, { args: ['--json', ...args] })
      const now = await ready(muster)
      url = now.url
      return now
    }

    beforeAll(async () => {
      const { tryThese } = await startAgain()
      type(tryThese[0] as string, cwd)
    })

    test('a second one on the same folder is refused and says who has it; the first goes on', async () => {
      const second = serve(cwd)
      expect(await second.exited).toBe(6)
      expect(JSON.parse(second.stderr())).toMatchObject({
        error: { code: 'data_folder_busy', message: expect.stringContaining(`process ${muster.pid}`) as string },
      })
      expect(await run(['restore', 'accept'])).toMatchObject({ exit: 6, stdout: '' })
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
    })

    test('a port in use names the variable to set, and nothing was started', async () => {
      const elsewhere = join(folder, 'elsewhere')
      const { port } = new URL(url)
      const other = serve(elsewhere, { env: { MUSTER_PORT: port }, args: [] })
      expect(await other.exited).toBe(6)
      expect(other.stderr()).toBe(
        `error: Port ${port} on 127.0.0.1 is in use.\nSet MUSTER_PORT to another, such as MUSTER_PORT=${Number(port) + 1}.\n`,
      )
      expect(readdirSync(join(elsewhere, 'var'))).toEqual(['muster.lock'])
    })

    test('the commands find the control plane and its key by themselves', async () => {
      expect((await run(['hosts', 'list'])).stdout).toMatch(/^local +proxy,mailstore +\*$/m)
      const made = await run(['keys', 'create', '--name', 'billing', '--role', 'admin', '--json'])
      token = (JSON.parse(made.stdout) as { token: string }).token
      expect(await run(['keys', 'revoke', adminKey(cwd).slice(3, 15)], token)).toMatchObject({ exit: 0 })
      expect(await run(['keys', 'list'])).toMatchObject({ exit: 3, stdout: '' })
      expect((await run(['keys', 'list'], token)).stdout).toMatch(/ admin .* billing$/m)
    })

    test('after kill -9 the next start has what was written, and a revoked admin key does not come back', async () => {
      muster.child.kill('SIGKILL')
      await muster.exited
      expect(await run(['keys', 'list'])).toMatchObject({ exit: 4, stderr: expect.stringContaining('MUSTER_API_URL') as string })
      await startAgain()
      expect(await run(['keys', 'list'])).toMatchObject({ exit: 3 })
      const found = await fetch(`${url}/v1/customers/C-1001`, { headers: { authorization: `Bearer ${token}` } })
      expect(await found.json()).toMatchObject({ name: 'Example Ltd' })
      expect(await stop(muster)).toBe(0)
    })

    test('migrate and restore accept work on the embedded database once Muster is stopped; a new admin key is to be had', async () => {
      expect(await run(['migrate', '--json'])).toMatchObject({ exit: 0, stdout: '{"applied":[]}\n' })
      const accepted = await run(['restore', 'accept', '--json'])
      expect(JSON.parse(accepted.stdout)).toMatchObject({ lineage: 2 })
      expect(processesThatName(cwd)).toEqual([])

      await startAgain('--new-admin-key')
      expect(await run(['keys', 'list'])).toMatchObject({ exit: 0 })
      await until(muster, () => /^cursor 2-/m.test(readIfThere(join(cwd, 'var/publish/HEAD'))))
      expect(await stop(muster)).toBe(0)
    })
  })

  describe.each(process.getuid?.() === 0 ? ['as root'] : [])('%s', () => {
    // A checkout below a closed folder, such as /root, has nobody else who could run it.
    test.each(mayPass(dirname(fileURLToPath(import.meta.url))) ? ['nobody'] : [])('it runs as the ordinary user %s', async (user) => {
      const cwd = join(folder, 'nobody')
      mkdirSync(cwd)
      chownSync(cwd, 65534, 65534)
      const muster = serve(cwd, { user })
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
