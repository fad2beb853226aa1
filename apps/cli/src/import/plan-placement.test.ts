import { describe, expect, test } from 'vitest'
import { planPlacement, type MailstorePlace } from './plan-placement.js'
import { readSite } from './read-site.js'

const ms1: MailstorePlace = { name: 'ms1', host: '127.0.0.11', port: null, root: '/mail1' }
const ms2: MailstorePlace = { name: 'ms2', host: '127.0.0.12', port: 1110, root: '/mail2' }
const ms3: MailstorePlace = { name: 'ms3', host: '127.0.0.12', port: 2110, root: '/mail2' }

function plan(userdb: Record<string, string>, popmap: string[], mailstores = [ms1, ms2, ms3], fallback: string | null = null) {
  const accounts = Object.entries(userdb).map(([name, home]) => `${name}@example.net\tuid=1|gid=1|home=${home}\n`)
  const routes = popmap.map((line) => `${line}\n`)
  const file = (name: string, lines: string[]) => [{ file: name, bytes: Buffer.from(lines.join('')) }]
  const site = readSite(file('userdb', accounts), file('popmap', routes), { domain: 'example.net', dropFields: [] })
  const { records, bad, withoutPopmap } = planPlacement(site, { mailstores, fallback })
  return {
    placed: Object.fromEntries(records.map(({ address, item }) => [address.split('@')[0], item.mailstore])),
    bad: bad.map(({ file: name, line, code }) => `${name}:${line}: ${code}`),
    reasons: bad.map(({ reason }) => reason),
    withoutPopmap,
  }
}

describe('planPlacement', () => {
  test('takes the mailstore that has the address of the popmap, port and all', () => {
    expect(plan({ a: '/mail1/a', b: '/mail2/b', c: '/mail2/c' }, ['a:127.0.0.11', 'b:127.0.0.12:1110', 'c:127.0.0.12:2110'])).toMatchObject(
      {
        placed: { a: 'ms1', b: 'ms2', c: 'ms3' },
        bad: [],
        withoutPopmap: 0,
      },
    )
  })

  test('compares host names without regard to case', () => {
    const named = { ...ms1, host: 'MS1.example.net' }
    expect(plan({ a: '/mail1/a' }, ['a:ms1.Example.net'], [named]).placed).toEqual({ a: 'ms1' })
  })

  test('does not take a mailstore with another port: proxies would then connect elsewhere than today', () => {
    const answer = plan({ a: '/mail1/a' }, ['a:127.0.0.11:110'])
    expect(answer).toMatchObject({ placed: {}, bad: ['popmap:1: mailstore_unknown'] })
    expect(answer.reasons[0]).toContain('ms1 has that host without a port: set its port to 110')
  })

  test('tells an address that no mailstore has', () => {
    expect(plan({ a: '/mail1/a' }, ['a:127.0.0.99']).bad).toEqual(['popmap:1: mailstore_unknown'])
  })

  test('tells a popmap and a home that contradict each other', () => {
    expect(plan({ a: '/mail2/a' }, ['a:127.0.0.11'])).toMatchObject({ placed: {}, bad: ['userdb:1: mailstore_contradiction'] })
  })

  test('goes by the home where the popmap says nothing, and counts that', () => {
    expect(plan({ a: '/mail1/a' }, [])).toMatchObject({ placed: { a: 'ms1' }, bad: [], withoutPopmap: 1 })
  })

  test('goes by the longest root above the home', () => {
    const inner = { ...ms1, name: 'inner', root: '/mail1/fast' }
    expect(plan({ a: '/mail1/fast/a', b: '/mail1/b', c: '/mail1/fastest' }, [], [ms1, inner]).placed).toEqual({
      a: 'inner',
      b: 'ms1',
      c: 'ms1',
    })
  })

  test('takes --mailstore where neither says anything, and is lost without', () => {
    expect(plan({ a: '/home/a' }, [], [ms1, ms2], 'ms2').placed).toEqual({ a: 'ms2' })
    expect(plan({ a: '/home/a' }, []).bad).toEqual(['userdb:1: mailstore_unknown'])
  })

  test('takes --mailstore where two fit, and is lost without', () => {
    expect(plan({ a: '/mail2/a' }, [], [ms2, ms3], 'ms3').placed).toEqual({ a: 'ms3' })
    expect(plan({ a: '/mail2/a' }, [], [ms2, ms3]).bad).toEqual(['userdb:1: mailstore_ambiguous'])
  })

  test('never lets --mailstore overrule the popmap or the home', () => {
    expect(plan({ a: '/mail1/a', b: '/mail1/b' }, ['a:127.0.0.11'], [ms1, ms2], 'ms2').placed).toEqual({ a: 'ms1', b: 'ms1' })
  })

  test('tells a popmap entry without a mailbox', () => {
    expect(plan({ a: '/mail1/a' }, ['a:127.0.0.11', 'ghost:127.0.0.11']).bad).toEqual(['popmap:2: popmap_without_userdb'])
  })

  test('a bad popmap line holds its mailbox back: it is told once and placed nowhere', () => {
    expect(plan({ a: '/mail1/a' }, ['a:other@127.0.0.11'])).toMatchObject({ placed: {}, bad: [] })
  })
})
