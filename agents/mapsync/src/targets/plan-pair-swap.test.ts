import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPairPlanner, type PairChange, type PairPlan } from './plan-pair-swap.js'
import { splitUserdb, type UserdbParts } from './split-userdb.js'

const parts = (fields: string): UserdbParts => splitUserdb(`k\t${fields}`)
const alice = parts('uid=1|home=/a|systempw=A')
const planOf = (...changes: PairChange[]) => {
  const planner = createPairPlanner()
  for (const change of changes) planner.add(change)
  return planner.plan()
}

describe('splitUserdb', () => {
  test.each([
    ['a\tuid=1|home=/h|systempw=x', 'uid=1|home=/h|_=', 'systempw=x'],
    ['a\timappw=x|uid=1|pop3pw=y', 'uid=1|_=', 'imappw=x|pop3pw=y'],
    ['a\tuid=1', 'uid=1|_=', null],
    ['a\tsystempw=x', '_=', 'systempw=x'],
    ['a\tuid=1|nopwhere=1|pw=z', 'uid=1|nopwhere=1|_=', 'pw=z'],
    ['a\tuid=1|options=x=pw', 'uid=1|options=x=pw|_=', null],
    ['a\tuid=1||', 'uid=1|_=', null],
  ])('%j', (line, main, shadow) => {
    expect(splitUserdb(line)).toEqual({ main, shadow })
  })
})

describe('the order of the two renames', () => {
  test('a new account: its password first', () => {
    expect(planOf({ key: 'k', old: null, now: alice }).steps).toEqual(['shadow', 'main'])
  })

  test('a removed account: its entry first', () => {
    expect(planOf({ key: 'k', old: alice, now: null }).steps).toEqual(['main', 'shadow'])
  })

  test('both at once: a shadow in between that still has the removed password', () => {
    const plan = planOf({ key: 'new', old: null, now: alice }, { key: 'gone', old: alice, now: null })
    expect(plan.steps).toEqual(['between', 'main', 'shadow'])
    expect([...plan.keep]).toEqual([['gone', 'systempw=A']])
  })

  test('a changed password or quota of the same account needs nothing in between', () => {
    const changed = { key: 'k', old: alice, now: parts('uid=1|home=/a|quota=5S|systempw=B') }
    expect(planOf(changed)).toMatchObject({ steps: ['shadow', 'main'], fence: [] })
  })

  test('an address that was given to somebody else is fenced', () => {
    const changed = { key: 'k', old: alice, now: parts('uid=1|home=/b|systempw=B') }
    expect(planOf(changed)).toMatchObject({ steps: ['between', 'main', 'shadow'], fence: ['k'] })
  })

  test('nothing known in use, nothing changed: the plain order', () => {
    expect(planOf().steps).toEqual(['shadow', 'main'])
  })
})

type Files = { main: Map<string, string>; shadow: Map<string, string> }
type Table = Map<string, UserdbParts>

const filesOf = (table: Table): Files => ({
  main: new Map([...table].map(([key, p]) => [key, p.main])),
  shadow: new Map([...table].flatMap(([key, p]) => (p.shadow === null ? [] : [[key, p.shadow] as const]))),
})

/** Every state of the two files while a plan is carried out, the first and the last among them. */
function statesOf(plan: PairPlan, old: Files, now: Files): Files[] {
  const between = new Map([...now.shadow, ...plan.keep].filter(([key]) => !plan.fence.includes(key)))
  const states = [old]
  let { main, shadow } = old
  for (const step of plan.steps) {
    if (step === 'between') shadow = between
    if (step === 'main') main = now.main
    if (step === 'shadow') shadow = now.shadow
    states.push({ main, shadow })
  }
  return states
}

/** What a login finds when it reads the entry in one state and the password in a later one. */
function login(entry: Files, secret: Files, key: string): string {
  const main = entry.main.get(key)
  const shadow = main === undefined ? undefined : secret.shadow.get(key)
  return main === undefined || shadow === undefined ? 'refused' : `${main} with ${shadow}`
}

const account = fc.constantFrom(
  null,
  alice,
  parts('uid=1|home=/a|systempw=B'),
  parts('uid=1|home=/a'),
  parts('uid=1|home=/a|quota=5S|systempw=A'),
  parts('uid=2|home=/b|systempw=B'),
  parts('uid=2|home=/b|quota=5S|systempw=C'),
)

test('no login that is right before and after is ever refused, and none opens what neither table gives', () => {
  const keys = ['k1', 'k2', 'k3', 'k4']
  const pairs = fc.tuple(...keys.map(() => fc.tuple(account, account)))
  let moments = 0
  fc.assert(
    fc.property(pairs, (drawn) => {
      const table = (which: 0 | 1): Table =>
        new Map(drawn.flatMap((pair, i) => (pair[which] === null ? [] : [[keys[i] as string, pair[which]] as const])))
      const [before, after] = [table(0), table(1)]
      const changes = drawn.map(([old, now], i) => ({ key: keys[i] as string, old, now })).filter(({ old, now }) => old !== now)
      const [old, now] = [filesOf(before), filesOf(after)]
      const plan = planOf(...changes)
      const states = statesOf(plan, old, now)
      for (const key of keys) {
        const [was, is] = [login(old, old, key), login(now, now, key)]
        for (const [i, entry] of states.entries()) {
          // A lookup is through before the rename after the next: the fence waits for it.
          for (const secret of states.slice(i, i + 2)) {
            moments++
            expect(answersOf(was, is)).toContain(passwordAndHome(login(entry, secret, key)))
          }
        }
      }
      expect(states.at(-1)).toEqual(now)
    }),
  )
  expect(moments).toBeGreaterThan(1000)
})

/**
 * What a login may find while the files change: what it finds before and after, if that is the same; else either of them, or a refusal. The
 * quota may be the other table's for a moment, so it is left out.
 */
function answersOf(was: string, is: string): string[] {
  return was === is ? [passwordAndHome(was)] : [was, is, 'refused'].map(passwordAndHome)
}

function passwordAndHome(answer: string): string {
  return answer === 'refused' ? answer : `${/home=[^|]*/.exec(answer)?.[0]} ${/systempw=.*/.exec(answer)?.[0]}`
}
