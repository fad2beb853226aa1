import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAddress, type Address } from '../address/parse-address.js'
import { parseStorePath, pathBelow, planHomePath } from './plan-home.js'

const tevie = 'tevie@example.net' as Address

const address = fc
  .tuple(fc.stringMatching(/^[a-z0-9_][a-z0-9_+='#&$*~^?-]{0,63}$/), fc.domain())
  .map(([localpart, domain]) => parseAddress(`${localpart}@${domain}`))
  .filter((outcome) => outcome.ok)
  .map((outcome) => outcome.value)

describe('planHomePath', () => {
  test('gives the same address the same home on every machine and for ever', () => {
    expect(planHomePath(tevie)).toBe('08/40/tevie@example.net')
  })

  test('gives each address a home of its own, in a form that a store path may have', () => {
    fc.assert(
      fc.property(address, (a) => {
        expect(planHomePath(a)).toMatch(/^\d\d\/\d\d\//)
        expect(planHomePath(a).slice(6)).toBe(a)
        expect(parseStorePath(`/mail1/${planHomePath(a)}`)).toMatchObject({ ok: true })
      }),
    )
  })

  test('spreads a domain over all hundred folders of both levels', () => {
    const homes = Array.from({ length: 10_000 }, (_, i) => planHomePath(`user${i}@example.net` as Address))
    expect(new Set(homes.map((home) => home.slice(0, 2))).size).toBe(100)
    expect(new Set(homes.map((home) => home.slice(3, 5))).size).toBe(100)
  })
})

describe('parseStorePath', () => {
  test.each([
    '/mail1',
    '/mail1/12/34/tevie@example.net',
    "/mail1/o'brien",
    '/srv/mail/.hidden',
    '/mail1/...',
    '/mail/\u00fcber',
    '/a#b$c*d~e^f?g=h&i+j',
  ])('takes %j', (path) => {
    expect(parseStorePath(path)).toEqual({ ok: true, value: path })
  })

  test.each([
    '',
    '/',
    'mail1',
    './mail1',
    '//mail1',
    '/mail1/',
    '/mail1//a',
    '/mail1/../etc',
    '/mail1/./a',
    '/mail1/..',
    '/mail 1',
    '/mail\t1',
    '/mail1\n',
    '/mail1\r',
    '/mail\u00001',
    '/mail\u007f1',
    '/mail\u00851',
    '/mail\u00a01',
    '/mail\u20281',
    '/mail\ud8001',
    '/mail:1',
    '/mail|1',
    '/mail%u',
    '/mail"1',
    '/mail\\1',
    `/${'a'.repeat(256)}`,
    `/${'\u00fc'.repeat(128)}`,
    `/${'a/'.repeat(256)}a`,
  ])('refuses %j', (path) => {
    expect(parseStorePath(path)).toMatchObject({ ok: false, code: 'path_invalid', subject: path })
  })
})

describe('pathBelow', () => {
  test('is the part below the root', () => {
    expect(pathBelow('/mail1', '/mail1/12/34/x')).toBe('12/34/x')
  })

  test('is null for the root itself, for another root and for one that only begins alike', () => {
    expect(pathBelow('/mail1', '/mail1')).toBeNull()
    expect(pathBelow('/mail1', '/mail2/x')).toBeNull()
    expect(pathBelow('/mail1', '/mail10/x')).toBeNull()
  })

  test('put after the root again it is the path', () => {
    const segments = fc.array(fc.stringMatching(/^[a-z0-9]{1,5}$/), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(segments, segments, (root, rest) => {
        const [r, path] = [`/${root.join('/')}`, `/${[...root, ...rest].join('/')}`]
        expect(`${r}/${pathBelow(r, path)}`).toBe(path)
      }),
    )
  })
})
