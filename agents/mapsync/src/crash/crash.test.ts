import { execFile, spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { bundleScript, type BundledScript } from '@muster/testkit'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeTestAgent, readGdbm, type TestAgent } from '../agent.fixture.js'
import { linesOf, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'

const run = promisify(execFile)

/** Enough that compiling takes a while; one new, one gone, one with another password, one with another quota, one given to somebody else. */
const COUNT = 1500
const OLD = {
  popmap: linesOf(COUNT, (n) => popmapLine(n)),
  'userdb@ms1': linesOf(COUNT, (n) => userdbLine(n)),
  'dovecot-passwd@ms1': linesOf(COUNT, (n) => passwdLine(n)),
}
/** A tenth more: what is no longer patched in but built whole. */
const MANY = Array.from({ length: COUNT / 10 }, (_, n) => n + COUNT + 1)
const FEW = {
  popmap: [...OLD.popmap.slice(1), popmapLine(COUNT), popmapLine(0, 'ms2')],
  'userdb@ms1': [
    ...OLD['userdb@ms1'].slice(4),
    userdbLine(COUNT),
    userdbLine(1, { password: '$6$salt$another' }),
    userdbLine(2, { quota: 7 }),
    userdbLine(3, { password: '$6$salt$another', home: '/mail2/somebody-else' }),
  ],
  'dovecot-passwd@ms1': [...OLD['dovecot-passwd@ms1'].slice(1), passwdLine(COUNT)],
}

const STATES = {
  'patched in': FEW,
  'built whole': {
    popmap: [...FEW.popmap, ...MANY.map((n) => popmapLine(n))],
    'userdb@ms1': [...FEW['userdb@ms1'], ...MANY.map((n) => userdbLine(n))],
    'dovecot-passwd@ms1': [...FEW['dovecot-passwd@ms1'], ...MANY.map((n) => passwdLine(n))],
  },
}

let child: BundledScript
let agent: TestAgent
/** A host at the old state, with the new one published, to begin each trial from. */
let backup: string
/** The files as they are at either end. */
let ends: { old: Files; now: Files }

beforeAll(async () => {
  child = await bundleScript(new URL('./sync-child.fixture.ts', import.meta.url))
})
afterAll(() => child.remove())

async function prepare(state: keyof typeof STATES): Promise<void> {
  agent = makeTestAgent(['popmap', 'userdb', 'text'])
  await agent.published.publish(OLD, { revision: 1 })
  await agent.sync()
  await agent.published.publish(STATES[state], { revision: 2 })
  backup = `${agent.folder}.backup`
  await run('cp', ['-al', agent.folder, backup])
  const old = readFiles()
  await agent.sync()
  ends = { old, now: readFiles() }
}

afterEach(() => {
  agent.remove()
  rmSync(backup, { recursive: true, force: true })
})

/** Hard links do for a copy, and keep the inodes by which the agent knows its files: it never writes into a file that it has put in place. */
async function beginAgain(): Promise<void> {
  rmSync(agent.folder, { recursive: true, force: true })
  await run('cp', ['-al', backup, agent.folder])
}

interface Round {
  readonly passed: string[]
  readonly exitCode: number
  readonly faults: (string | null)[]
}

async function syncInChild(): Promise<Round> {
  return JSON.parse((await run(process.execPath, [child.file, agent.folder])).stdout) as Round
}

type Table = Map<string, string>
interface Files {
  readonly popmap: Table
  readonly main: Table
  readonly shadow: Table
  readonly text: string
}

/** Reads every compiled file whole, as a daemon would find it now; throws where one cannot be read. */
function readFiles(): Files {
  return {
    popmap: readGdbm(agent.path('popmap.db')),
    main: readGdbm(agent.path('userdb.dat')),
    shadow: readGdbm(agent.path('userdbshadow.dat')),
    text: readFileSync(agent.path('dovecot-passwd'), 'utf8'),
  }
}

const same = (a: Table, b: Table) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

/** Which of the two states each file is in, whole; the shadow may also be the one that goes between them. */
function namesOf(files: Files): Record<keyof Files, string> {
  const { old, now } = ends
  const which = (is: (end: Files) => boolean) => (is(old) ? 'old' : is(now) ? 'new' : 'NEITHER')
  const between = new Map([...now.shadow, ['user0@example.net', old.shadow.get('user0@example.net') ?? '']])
  between.delete('user3@example.net')
  const shadow = which((end) => same(end.shadow, files.shadow))
  return {
    popmap: which((end) => same(end.popmap, files.popmap)),
    main: which((end) => same(end.main, files.main)),
    shadow: shadow === 'NEITHER' && same(files.shadow, between) ? 'between' : shadow,
    text: which((end) => end.text === files.text),
  }
}

/** The pairs that the order of the renames can leave behind. */
const PAIRS = ['old/old', 'old/between', 'new/between', 'new/new']

function expectWhole(): void {
  const names = namesOf(readFiles())
  expect(names.popmap).toMatch(/^(old|new)$/)
  expect(names.text).toMatch(/^(old|new)$/)
  expect(PAIRS).toContain(`${names.main}/${names.shadow}`)
}

async function expectConverges(): Promise<void> {
  const { maps } = await agent.sync()
  expect(maps.map((map) => map.fault?.message)).toEqual([undefined, undefined, undefined])
  expect(namesOf(readFiles())).toEqual({ popmap: 'new', main: 'new', shadow: 'new', text: 'new' })
  expect(readdirSync(agent.folder).filter((name) => name.startsWith('.'))).toEqual([])
}

test.each([
  ['patched in', ['cloned', 'patched']],
  ['built whole', ['compiled']],
] as const)(
  '%s, and killed at any point: a reader finds the old files or the new ones, whole, and the next run ends where it should',
  { timeout: 600_000 },
  async (state, building) => {
    await prepare(state)
    await beginAgain()
    const { passed, faults } = await syncInChild()
    expect(faults).toEqual([null, null, null])
    expect(passed).toEqual(
      expect.arrayContaining(['between-renamed', 'main-renamed', 'shadow-renamed', ...building, 'probed', 'stage-certain']),
    )
    // The text is built whole each time.
    expect(passed.filter((point) => point === 'compiled')).toHaveLength(state === 'patched in' ? 1 : 3)
    expect(passed.filter((point) => point === 'state-written')).toHaveLength(3)
    for (let n = 1; n <= passed.length; n++) {
      await beginAgain()
      const death = await run(process.execPath, [child.file, agent.folder, String(n)]).then(
        () => 'it lived',
        (error: { signal: string }) => error.signal,
      )
      expect(`${passed[n - 1]} ${death}`).toBe(`${passed[n - 1]} SIGKILL`)
      expectWhole()
      await expectConverges()
    }
  },
)

test.each(['patched in', 'built whole'] as const)(
  '%s, and killed at any moment between the points, too',
  { timeout: 600_000 },
  async (state) => {
    await prepare(state)
    await beginAgain()
    const started = performance.now()
    await syncInChild()
    const wholeMs = performance.now() - started
    let killed = 0
    for (let n = 0; n < 12; n++) {
      await beginAgain()
      const victim = spawn(process.execPath, [child.file, agent.folder], { stdio: 'ignore' })
      const ended = new Promise<NodeJS.Signals | null>((resolve) => victim.once('exit', (_, signal) => resolve(signal)))
      await wait(wholeMs * (0.25 + (0.75 * n) / 12))
      victim.kill('SIGKILL')
      if ((await ended) === 'SIGKILL') killed++
      expectWhole()
      await expectConverges()
    }
    expect(killed).toBeGreaterThan(0)
  },
)
