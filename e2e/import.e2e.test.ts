import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { userdb } from '@muster/maps'
import { describeWithTools, makeTemporaryFolder, toolPath } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startControlPlane, type ControlPlane } from './control-plane.js'
import { enrolHost, requireExit } from './mail-host.js'
import { writeSite, type Site, type SiteStore } from './site.js'

/**
 * `muster import` as an operator runs it, and what comes of it: the databases that the agents compile afterwards are held against those
 * that the daemons' own tools (makegdbm, makeuserdb) make of the imported files.
 */
const DOMAIN = 'example.net'
const MAILBOXES = 400
const stores = [
  { name: 'ms1', root: '/mail1', target: '127.0.0.11' },
  { name: 'ms2', root: '/mail2', target: '127.0.0.12:1110' },
] as const satisfies SiteStore[]

let folder: string
let control: ControlPlane
let site: Site

const files = () => ['--userdb', site.userdb, '--popmap', site.popmap, '--customer', 'C-1001', '--domain', DOMAIN]

/** Writes a userdb of these lines and the command line that imports it. */
function oneFile(name: string, lines: readonly string[]): string[] {
  const file = join(folder, name)
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  return ['import', '--userdb', file, '--customer', 'C-1001']
}

describeWithTools('muster import', ['makegdbm', 'makeuserdb', 'gdbmtool', 'libgdbm'], () => {
  beforeAll(async () => {
    folder = await makeTemporaryFolder('muster-import-')
    control = await startControlPlane(folder)
    await control.client.customers.put('C-1001', { name: 'Example Ltd' })
    await control.client.mailstores.put('ms1', { host: '127.0.0.11', root: '/mail1' })
    await control.client.mailstores.put('ms2', { host: '127.0.0.12', port: 1110, root: '/mail2' })
    await control.client.domains.put(DOMAIN, { customerId: 'C-1001' })
    site = writeSite(join(folder, 'site'), DOMAIN, stores, MAILBOXES)
  })

  afterAll(async () => {
    await control.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  test('bad lines are told by file and number on stderr, nothing is imported, and the exit code says so', async () => {
    const lines = [
      '# accounts',
      'good@example.net\tuid=1|gid=1|home=/mail1/good',
      'bad@example.net\tuid=1|gid=1|home=/mail1/b|shell=/bin/sh',
      'lost',
    ]
    const answer = await control.run(...oneFile('userdb', lines))
    expect(answer).toMatchObject({ exit: 3 })
    expect(answer.stderr.trimEnd().split('\n')).toEqual([
      `${folder}/userdb:3: The directory does not hold shell; --drop-field shell imports the line without.`,
      expect.stringMatching(/\/userdb:4: .*tab/) as string,
    ])
    expect(answer.stdout).toContain('No mailbox was imported.')
    expect(await control.client.mailboxes.get('good@example.net')).toBeNull()
  })

  test('with --json the bad lines are in the answer, with their codes, and stderr is empty', async () => {
    const answer = await control.run(...oneFile('userdb', ['x\tuid=1|gid=1|home=/mail1/x']), '--json')
    expect(answer).toMatchObject({ exit: 3, stderr: '' })
    expect(JSON.parse(answer.stdout)).toMatchObject({ applied: false, bad: [{ line: 1, code: 'name_without_domain' }] })
  })

  test('a command line that says nothing to import, or two things, is told so', async () => {
    expect(await control.run('import', '--customer', 'C-1001')).toMatchObject({ exit: 2 })
    expect(await control.run(...oneFile('userdb', []), '--csv', 'x.csv')).toMatchObject({ exit: 2 })
    expect(await control.run(...oneFile('userdb', []), '--drop-field', 'uid')).toMatchObject({ exit: 2 })
    expect(await control.run('import', '--csv', join(folder, 'absent.csv'), '--customer', 'C-1001')).toMatchObject({ exit: 3 })
  })

  test('a dry run says what would be, and changes nothing', async () => {
    const before = (await control.client.changes.list({ limit: 1 })).head
    const answer = await control.run('import', ...files(), '--dry-run')
    expect(answer).toMatchObject({ exit: 0, stderr: '' })
    expect(answer.stdout).toContain(`Would import: ${MAILBOXES} created, 0 updated, 0 unchanged.`)
    expect((await control.client.changes.list({ limit: 1 })).head).toBe(before)
  })

  test('the import itself, and the same again, which changes nothing', async () => {
    const first = await control.run('import', ...files(), '--json')
    expect(JSON.parse(requireExit(first, 0).stdout)).toMatchObject({ applied: true, created: MAILBOXES, bad: [], withoutPopmap: 0 })
    const again = await control.run('import', ...files(), '--json')
    expect(JSON.parse(requireExit(again, 0).stdout)).toMatchObject({ applied: true, created: 0, unchanged: MAILBOXES, revision: null })
  })

  test('what the agents compile afterwards is what makegdbm and makeuserdb make of the imported files, entry for entry', async () => {
    const { head } = await control.client.changes.list({ limit: 1 })
    await control.published(Number(head.split('-')[1]))
    const pop1 = await enrolHost(control, { name: 'pop1', folder: join(folder, 'pop1'), role: 'proxy', source: control.publishDir })
    requireExit(await pop1.sync(), 0)
    const popmapOf = (db: string) => execFileSync(toolPath('makegdbm'), ['-u', db], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const imported = join(folder, 'imported.db')
    execFileSync(toolPath('makegdbm'), [imported], { input: withDomains(readFileSync(site.popmap, 'utf8'), ':') })
    expect(sorted(popmapOf(pop1.at('/etc/perdition/popmap.db')))).toEqual(sorted(popmapOf(imported)))

    for (const { name } of stores) {
      const host = await enrolHost(control, {
        name,
        folder: join(folder, name),
        role: 'mailstore',
        mailstore: name,
        source: control.publishDir,
      })
      requireExit(await host.sync(), 0)
      const own = makeUserdb(name)
      for (const end of ['.dat', 'shadow.dat']) {
        const compiled = entriesOf(host.at(`/etc/courier/userdb${end}`))
        expect(compiled.size).toBe(MAILBOXES / stores.length)
        expect(compiled).toEqual(entriesOf(`${own}${end}`))
      }
    }
  })
})

/** What makeuserdb makes of one store's imported file, after what the import does: names get their domain, broken lines are joined. */
function makeUserdb(store: string): string {
  const dir = join(folder, 'own')
  mkdirSync(dir, { recursive: true })
  const file = join(dir, store)
  const text = readFileSync(join(site.userdb, store), 'utf8').replace(/\\\n */g, '')
  writeFileSync(file, withDomains(text, '\t'), { mode: 0o600 })
  execFileSync(toolPath('makeuserdb'), ['-f', file])
  return file
}

function withDomains(text: string, separator: string): string {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const completed = lines.map((line) => {
    const [name = ''] = line.split(separator)
    return name.includes('@') ? line : `${name}@${DOMAIN}${line.slice(name.length)}`
  })
  return completed.map((line) => `${line}\n`).join('')
}

function sorted(text: string): string[] {
  return text.split('\n').sort()
}

/** The fields of each account; their order means nothing to Courier, and `_` is only where makeuserdb found the line. */
function entriesOf(db: string): Map<string, Record<string, string>> {
  const listed = execFileSync(toolPath('gdbmtool'), ['--read-only', db, 'list'], { encoding: 'utf8' })
  const lines = listed.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const space = line.indexOf(' ')
      const { _, ...fields } = Object.fromEntries(userdb.parseLine(`${line.slice(0, space)}\t${line.slice(space + 1)}`).fields)
      return [line.slice(0, space), fields]
    }),
  )
}
