import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareKeys } from './compare-keys.js'

const key = fc.string({ unit: 'binary', maxLength: 6 })

test('keys are in the order of their UTF-8 bytes, as LC_ALL=C sort puts them', () => {
  fc.assert(
    fc.property(key, key, fc.string({ maxLength: 3 }), (a, b, start) => {
      const bytes = Buffer.compare(Buffer.from(start + a), Buffer.from(start + b))
      expect(Math.sign(compareKeys(start + a, start + b))).toBe(bytes)
    }),
    { numRuns: 5_000 },
  )
})

test('a character outside the basic plane comes after every one inside it, which is not how JavaScript sorts', () => {
  const keys = ['\uffff', '\u{1F4A9}', '\ue000', 'a']
  expect(keys.toSorted(compareKeys)).toEqual(['a', '\ue000', '\uffff', '\u{1F4A9}'])
  expect(keys.toSorted()).toEqual(['a', '\u{1F4A9}', '\ue000', '\uffff'])
})

test('a key comes before the keys that it begins', () => {
  expect(compareKeys('tevie@example.net', 'tevie@example.net.x')).toBeLessThan(0)
  expect(compareKeys('tevie@example.net', 'tevie@example.net')).toBe(0)
})
