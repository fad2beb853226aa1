import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { domainOf, localpartOf, parseAddress } from './address/parse-address.js'
import { parseDomainName } from './domain/parse-domain-name.js'

/** Cases of fixtures/syntax; fixtures/README.md says how they are written. */
function casesOf(file: string): { given: string; canonical: string }[] {
  const text = readFileSync(new URL(`../../../fixtures/syntax/${file}`, import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '))
  return lines.map((line) => {
    const [given = '', canonical = given] = line.split('\t').map(unescape)
    return { given, canonical }
  })
}

function unescape(text: string): string {
  return text.replaceAll(/\\u\{([0-9A-F]+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}

describe.each([
  { name: 'address', parse: parseAddress, code: 'address_invalid' },
  { name: 'domain', parse: parseDomainName, code: 'domain_name_invalid' },
])('$name', ({ name, parse, code }) => {
  test.each(casesOf(`${name}_valid.txt`))('takes $given', ({ given, canonical }) => {
    expect(parse(given)).toEqual({ ok: true, value: canonical })
    expect(parse(canonical), 'its canonical form stays as it is').toEqual({ ok: true, value: canonical })
  })

  test.each(casesOf(`${name}_invalid.txt`))('refuses $given', ({ given }) => {
    expect(parse(given)).toMatchObject({ ok: false, code, subject: given, detail: expect.stringMatching(/\.$/) })
  })

  test('refuses the empty text', () => {
    expect(parse('')).toMatchObject({ ok: false, code })
  })

  test('answers at once for a megabyte of anything', () => {
    for (const piece of ['a', '.', '-', '@', 'a.', 'xn--', '\u00fc', '\u{1F4A9}']) {
      expect(parse(piece.repeat(1_000_000))).toMatchObject({ ok: false, code })
    }
  })
})

/** Text that comes near to an address: pieces that matter, among any characters. */
const pieces = fc.constantFrom(
  'a',
  'K',
  '\u212a',
  '@',
  '.',
  '-',
  '#',
  ' ',
  '\n',
  ':',
  '|',
  '\u00fc',
  '\uff20',
  'example.net',
  'xn--',
  '0x7f',
)
const nearAddress = fc
  .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 })
  .map((parts) => parts.join(''))

test('whatever is taken is made of characters that no map kind has to escape but the apostrophe, and is taken again unchanged', () => {
  const addressLike = fc.oneof(
    nearAddress,
    fc.emailAddress(),
    fc.tuple(nearAddress, fc.domain()).map(([l, d]) => `${l}@${d}`),
  )
  fc.assert(
    fc.property(addressLike, (text) => {
      const outcome = parseAddress(text)
      fc.pre(outcome.ok)
      expect(outcome.value).toMatch(/^[a-z0-9_+='&$*~^?.][a-z0-9_+='#&$*~^?.-]*@[a-z0-9.-]+$/)
      expect(outcome.value.length).toBeLessThanOrEqual(254)
      expect(parseAddress(outcome.value)).toEqual(outcome)
      expect(parseAddress(outcome.value.toUpperCase())).toEqual(outcome)
      expect(`${localpartOf(outcome.value)}@${domainOf(outcome.value)}`).toBe(outcome.value)
      expect(parseDomainName(domainOf(outcome.value))).toEqual({ ok: true, value: domainOf(outcome.value) })
    }),
    { numRuns: 1_000, maxSkipsPerRun: 1_000 },
  )
})

test('a domain in ASCII that is taken is spelled as it was given, but for its case', () => {
  const label = fc.oneof(fc.stringMatching(/^[a-zA-Z0-9-]{1,12}$/), fc.constantFrom('xn--bcher-kva', 'xn--example-', '0x7f', '1'))
  const name = fc.oneof(
    fc.domain(),
    fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.')),
  )
  fc.assert(
    fc.property(name, (text) => {
      const outcome = parseDomainName(text)
      fc.pre(outcome.ok)
      expect(outcome.value).toBe(text.toLowerCase())
    }),
  )
})

test('a domain in other scripts that is taken has one A-label form, and that form is taken as it stands', () => {
  const letters = fc.array(fc.constantFrom('a', '\u00fc', '\u00df', '\u0436', '\u65e5', '\u0e01', '\uff41', '\u00ad', '\u212a'), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(letters, (parts) => {
      const outcome = parseDomainName(`${parts.join('')}.example`)
      fc.pre(outcome.ok)
      expect(parseDomainName(outcome.value)).toEqual(outcome)
      expect(parts.filter((c) => '\uff41\u00ad'.includes(c))).toEqual([])
    }),
  )
})
