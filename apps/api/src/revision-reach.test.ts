import type { Host, HostReport } from '@muster/domain'
import { describe, expect, test } from 'vitest'
import { planReach, type ReachFacts } from './revision-reach.js'

const at = new Date('2026-11-22T13:00:00Z')
const NONCE = '9f3ca1b2c3d4e5f6'

const host = (name: string, roles: Host['roles'], mailstores: string[] = []): Host => ({
  name,
  roles,
  mailstores,
  createdAt: at,
  updatedAt: at,
  revision: 1,
})

const report = (name: string, map: string, revision: number, over: Partial<HostReport> & { lineage?: number } = {}): HostReport => {
  const { lineage = 1, ...rest } = over
  const cursor = { lineage, revision, nonce: NONCE }
  return { host: name, map, cursor, root: null, level: 'effective', failedStep: null, reason: null, reportedAt: at, ...rest }
}

const facts = (over: Partial<ReachFacts>): ReachFacts => ({
  revision: 7,
  maps: ['popmap', 'userdb@ms1', 'dovecot-passwd@ms1'],
  head: { lineage: 1, revision: 9, nonce: NONCE },
  published: null,
  hosts: [host('mx1', ['mx']), host('ms1', ['mailstore'], ['ms1']), host('ms2', ['mailstore'], ['ms2']), host('pop1', ['proxy'])],
  reports: [],
  ...over,
})

describe('a revision', () => {
  test('concerns the hosts with a map that it touched; the others have it already', () => {
    const reach = planReach(facts({}), 'applied')
    expect(reach).toMatchObject({ reached: 0, of: 2 })
    expect(reach.hosts.map(({ host: name, concerned, reached }) => [name, concerned, reached])).toEqual([
      ['mx1', false, true],
      ['ms1', true, false],
      ['ms2', false, true],
      ['pop1', true, false],
    ])
  })

  test('is on a host when all its touched maps are at it or past it', () => {
    const reports = [report('pop1', 'popmap', 7), report('ms1', 'userdb@ms1', 9), report('ms1', 'dovecot-passwd@ms1', 6)]
    expect(planReach(facts({ reports }), 'effective')).toMatchObject({ reached: 1, of: 2 })
    const later = [...reports.slice(0, 2), report('ms1', 'dovecot-passwd@ms1', 8)]
    expect(planReach(facts({ reports: later }), 'effective')).toMatchObject({ reached: 2, of: 2 })
  })

  test('is not there yet at a level above the reported one, and is at every level below', () => {
    const reports = [report('pop1', 'popmap', 7, { level: 'applied' })]
    const reachedAt = (level: 'applied' | 'effective') => planReach(facts({ reports }), level).hosts.find((h) => h.host === 'pop1')?.reached
    expect([reachedAt('applied'), reachedAt('effective')]).toEqual([true, false])
    const staged = facts({ reports: [report('pop1', 'popmap', 7, { level: 'staged' })] })
    expect(planReach(staged, 'applied').reached).toBe(0)
  })

  test('what a host reported in another lineage does not count', () => {
    const reports = [report('pop1', 'popmap', 99)]
    const restored = facts({ reports, head: { lineage: 2, revision: 9, nonce: NONCE } })
    expect(planReach(restored, 'applied').reached).toBe(0)
    expect(planReach({ ...restored, reports: [report('pop1', 'popmap', 7, { lineage: 2 })] }, 'applied').reached).toBe(1)
  })

  test('is on a host whose map it left as it was, once that is published', () => {
    const cursorAt = (revision: number, lineage = 1) => ({ lineage, revision, nonce: NONCE })
    const reports = [report('pop1', 'popmap', 5)]
    const reachedWith = (published: ReachFacts['published']) =>
      planReach(facts({ reports, published }), 'effective').hosts.find((h) => h.host === 'pop1')?.reached
    const maps = (popmap: ReturnType<typeof cursorAt>) => new Map([['popmap', popmap]])
    expect(reachedWith({ cursor: cursorAt(7), maps: maps(cursorAt(5)) })).toBe(true)
    expect(reachedWith({ cursor: cursorAt(9), maps: maps(cursorAt(5)) })).toBe(true)
    // Not published yet; changed since; published in another history; not a map that is published; nobody publishes.
    expect(reachedWith({ cursor: cursorAt(6), maps: maps(cursorAt(5)) })).toBe(false)
    expect(reachedWith({ cursor: cursorAt(9), maps: maps(cursorAt(6)) })).toBe(false)
    expect(reachedWith({ cursor: cursorAt(9, 2), maps: maps(cursorAt(5)) })).toBe(false)
    expect(reachedWith({ cursor: cursorAt(9), maps: maps(cursorAt(5, 2)) })).toBe(false)
    expect(reachedWith({ cursor: cursorAt(9), maps: new Map() })).toBe(false)
    expect(reachedWith(null)).toBe(false)
  })

  test('says what fails now, beside what is still live', () => {
    const failing = report('pop1', 'popmap', 7, { failedStep: 'probe', reason: 'Bad.' })
    const mapOf = (revision: number) =>
      planReach(facts({ revision, reports: [failing] }), 'applied').hosts.find((h) => h.host === 'pop1')?.maps[0]
    expect(mapOf(7)).toMatchObject({ reached: true, failedStep: 'probe', level: 'effective' })
    expect(mapOf(8)).toMatchObject({ reached: false, failedStep: 'probe', reason: 'Bad.', cursor: `1-7-${NONCE}` })
  })

  test('before any report there is no cursor and no level', () => {
    expect(planReach(facts({}), 'applied').hosts.find((h) => h.host === 'pop1')?.maps).toEqual([
      { map: 'popmap', reached: false, cursor: null, level: null, failedStep: null, reason: null },
    ])
  })
})
