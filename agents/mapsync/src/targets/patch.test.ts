import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { configFor, makeTestAgent, makeTestFolder, readGdbm, testWorld, type TestAgent } from '../agent.fixture.js'
import { verify } from '../commands/verify.js'
import { linesOf, popmapLine, userdbLine } from '../published.fixture.js'
import { readState, writeState } from '../state/state.js'
import { sync, type SyncResult } from '../steps/sync.js'

let agent: TestAgent
let revision = 0
afterEach(() => agent.remove())

/** Mulberry32: the same sequence each time for a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

type Lines = Map<number, string>

/** A round with what it passed, so that a test sees how the files were built. */
async function round(maps: Record<string, Iterable<string>>, world: Parameters<TestAgent['sync']>[0] = {}) {
  await agent.published.publish(Object.fromEntries(Object.entries(maps).map(([map, lines]) => [map, [...lines]])), { revision: ++revision })
  const passed: string[] = []
  const result: SyncResult = await agent.sync({
    ...world,
    world: { at: (point) => void (/^(patched|compiled)$/.test(point) && passed.push(point)), ...world.world },
  })
  expect(result.maps.map((map) => map.fault?.message)).toEqual(result.maps.map(() => undefined))
  return { passed, repaired: result.maps.map((map) => map.repaired) }
}

const FILES = ['popmap.db', 'userdb.dat', 'userdbshadow.dat']
const contentOf = (path: (name: string) => string) =>
  FILES.map((name) => [...readGdbm(path(name))].toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** What an agent that has nothing builds of the same published maps. */
async function freshContent(): Promise<ReturnType<typeof contentOf>> {
  const folder = makeTestFolder()
  try {
    const { exitCode } = await sync(configFor(folder, agent.published, ['popmap', 'userdb']), testWorld())
    expect(exitCode).toBe(0)
    return contentOf((name) => `${folder}/${name}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('random patches', () => {
  const COUNT = 300

  /** One key of each map: comes, goes, comes again, or says something else; in the pair often only of its password, or without one. */
  function change(draw: (below: number) => number, popmap: Lines, userdb: Lines): void {
    const n = draw(COUNT + 40)
    if (popmap.has(n) && draw(3) === 0) popmap.delete(n)
    else popmap.set(n, popmapLine(n, `ms${'x'.repeat(draw(40))}${draw(1000)}`))
    const fields = { password: draw(6) === 0 ? null : `$6$${'s'.repeat(draw(60))}$${draw(1000)}` }
    const m = draw(COUNT + 40)
    if (userdb.has(m) && draw(3) === 0) userdb.delete(m)
    else userdb.set(m, userdbLine(m, draw(2) === 0 ? fields : { ...fields, quota: draw(1e9), home: `/mail${draw(3)}/user${m}` }))
  }

  test.each([1, 2, 3])('leave the entries that a fresh build has (seed %i)', { timeout: 120_000 }, async (seed) => {
    agent = makeTestAgent(['popmap', 'userdb'], seed === 3 ? 256 : 1)
    const draw = randomFrom(seed)
    const popmap: Lines = new Map(linesOf(COUNT, (n) => popmapLine(n)).entries())
    const userdb: Lines = new Map(linesOf(COUNT, (n) => userdbLine(n)).entries())
    const publish = () => round({ popmap: popmap.values(), 'userdb@ms1': userdb.values() })
    expect((await publish()).passed).toEqual(['compiled', 'compiled'])
    for (let n = 0; n < (seed === 3 ? 4 : 24); n++) {
      for (let k = draw(8); k >= 0; k--) change(draw, popmap, userdb)
      popmap.set(-n, `round${n}@example.net:ms1`)
      userdb.set(n, userdbLine(n, { password: `$6$only$${seed}.${n}` }))
      expect(await publish()).toEqual({ passed: ['patched', 'patched'], repaired: [null, null] })
      expect(contentOf(agent.path)).toEqual(await freshContent())
    }
    expect((await verify(agent.config)).every((v) => v.ok)).toBe(true)
    expect(readdirSync(agent.folder).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

describe('a change that is not patched in', () => {
  const popmap = (count: number, changed = 0) => ({ popmap: linesOf(count, (n) => popmapLine(n, n < changed ? 'ms2' : 'ms1')) })

  test('more than a twentieth of the entries', async () => {
    agent = makeTestAgent(['popmap'])
    await round(popmap(100))
    expect((await round(popmap(100, 5))).passed).toEqual(['patched'])
    expect((await round(popmap(100, 11))).passed).toEqual(['compiled'])
    expect((await round(popmap(100, 12))).passed).toEqual(['patched'])
  })

  test('a file that patches have made half as large again', async () => {
    agent = makeTestAgent(['popmap'])
    await round(popmap(100))
    await round(popmap(100, 1))
    const state = await readState(agent.config.stateDir)
    const [path, target] = Object.entries(state.targets)[0] as [string, (typeof state.targets)[string]]
    const bytes = statSync(path).size
    expect(target.builtBytes).toEqual([bytes])
    state.targets[path] = { ...target, builtBytes: [Math.floor(bytes / 1.5) - 1] }
    await writeState(agent.config.stateDir, state)
    expect((await round(popmap(100, 2))).passed).toEqual(['compiled'])
    expect((await round(popmap(100, 3))).passed).toEqual(['patched'])
  })

  test('files that lie there before the agent knew them, or that something else put there', async () => {
    agent = makeTestAgent(['popmap'])
    await round(popmap(100))
    const { atime, mtime } = statSync(agent.path('popmap.db'))
    utimesSync(agent.path('popmap.db'), atime, new Date(mtime.getTime() + 1000))
    expect((await round(popmap(100, 1))).passed).toEqual(['compiled'])
  })
})

describe('files in use that are damaged', () => {
  /** Flips a byte of the first place where the text stands, and leaves inode, size and times as they were. */
  function flip(name: string, text: string): void {
    const at = readFileSync(agent.path(name)).indexOf(text)
    expect(at).toBeGreaterThan(0)
    flipAt(name, at + text.length - 1)
  }

  function flipAt(name: string, at: number): void {
    const path = agent.path(name)
    const { atime, size } = statSync(path)
    const mtimeNs = statSync(path, { bigint: true }).mtimeNs
    const fd = openSync(path, 'r+')
    const byte = Buffer.alloc(1)
    readSync(fd, byte, 0, 1, at)
    writeSync(fd, Buffer.from([(byte[0] as number) ^ 1]), 0, 1, at)
    closeSync(fd)
    utimesSync(path, atime, Number(mtimeNs) / 1e9)
    expect(statSync(path).size).toBe(size)
    expect(statSync(path, { bigint: true }).mtimeNs).toBe(mtimeNs)
  }

  const maps = (count: number, changed = 0) => ({
    popmap: linesOf(count, (n) => popmapLine(n, n < changed ? 'ms2' : 'ms1')),
    'userdb@ms1': linesOf(count, (n) => userdbLine(n, n < changed ? { password: '$6$salt$another' } : {})),
  })

  test.each([
    ['popmap.db', 'user17@example.netms1', 0],
    ['popmap.db', 'user1@example.netms1', 0],
    ['userdb.dat', 'home=/mail1/user17', 1],
    ['userdbshadow.dat', '$hash-of-17', 1],
    ['userdbshadow.dat', '$hash-of-1', 1],
    ['userdb.dat', 'user17@example.net', 1],
  ])('%s at %s: the same tree is built whole in the same run, and that is reported', async (name, text, index) => {
    agent = makeTestAgent(['popmap', 'userdb'])
    await round(maps(200))
    flip(name, text)
    const { passed, repaired } = await round(maps(200, 3))
    expect(passed.filter((point) => point === 'compiled')).toHaveLength(1)
    expect(repaired[index]).toMatch(/^the files in use could not be patched: /)
    expect(repaired[1 - index]).toBeNull()
    expect(contentOf(agent.path)).toEqual(await freshContent())
  })

  // libgdbm would write zeros up to that end, a terabyte.
  test.each(['popmap.db', 'userdbshadow.dat'])('%s with a header that names another end', async (name) => {
    agent = makeTestAgent(['popmap', 'userdb'])
    await round(maps(200))
    flipAt(name, 37)
    const { repaired } = await round(maps(200, 3))
    expect(repaired.find((reason) => reason !== null)).toMatch(/names an end far behind/)
    expect(contentOf(agent.path)).toEqual(await freshContent())
  })

  test('at any place: whatever is looked up afterwards is right', { timeout: 60_000 }, async () => {
    agent = makeTestAgent(['popmap', 'userdb'])
    await round(maps(200))
    const draw = randomFrom(4)
    for (let n = 1; n <= 24; n++) {
      for (const name of FILES) flipAt(name, draw(statSync(agent.path(name)).size))
      await round(maps(200, n % 9))
      expect(await verify(agent.config)).toMatchObject([{ ok: true }, { ok: true }])
    }
  })

  test('a value far from the change in a large map is found by the daily look at the whole', async () => {
    agent = makeTestAgent(['popmap'])
    const popmap = (changed: number) => ({ popmap: maps(25_000, changed).popmap })
    await round(popmap(0))
    flip('popmap.db', 'user20017@example.netms1')
    const unlucky = { random: () => 0 }
    expect((await round(popmap(1), { world: unlucky })).repaired).toEqual([null])
    const tomorrow = { ...unlucky, now: () => new Date(Date.now() + 25 * 3_600_000) }
    expect((await round(popmap(2), { world: tomorrow })).repaired[0]).toMatch(/could not be patched/)
    expect(readGdbm(agent.path('popmap.db')).get('user20017@example.net')).toBe('ms1.example.net:110')
  }, 60_000)
})
