import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareCursors, parseCursor, renderCursor, type Cursor } from './cursor.js'

const cursor: fc.Arbitrary<Cursor> = fc.record({
  lineage: fc.integer({ min: 1, max: 999_999_999 }),
  revision: fc.integer({ min: 0, max: 999_999_999_999_999 }),
  nonce: fc.stringMatching(/^[0-9a-f]{16}$/),
})

test('a cursor reads LINEAGE-REVISION-NONCE', () => {
  expect(renderCursor({ lineage: 1, revision: 7, nonce: '9f3ca1b2c3d4e5f6' })).toBe('1-7-9f3ca1b2c3d4e5f6')
})

test('what was rendered is parsed back', () => {
  fc.assert(
    fc.property(cursor, (c) => {
      expect(parseCursor(renderCursor(c))).toEqual({ ok: true, value: c })
    }),
  )
})

test('whatever is parsed renders to the very same text, so that a file name has one spelling', () => {
  const number = fc.oneof(fc.nat().map(String), fc.stringMatching(/^[0-9 +-]{1,3}$/), fc.constantFrom('01', '1e3', ''))
  const nonce = fc.oneof(
    cursor.map((c) => c.nonce),
    fc.stringMatching(/^[0-9a-fA-F\n]{15,17}$/),
  )
  fc.assert(
    fc.property(number, number, nonce, (...parts) => {
      const outcome = parseCursor(parts.join('-'))
      fc.pre(outcome.ok)
      expect(renderCursor(outcome.value)).toBe(parts.join('-'))
    }),
  )
})

test.each([
  '',
  '1-7',
  '0-7-9f3ca1b2c3d4e5f6',
  '01-7-9f3ca1b2c3d4e5f6',
  '1-07-9f3ca1b2c3d4e5f6',
  '1--7-9f3ca1b2c3d4e5f6',
  '1-7-9F3CA1B2C3D4E5F6',
  '1-7-9f3ca1b2c3d4e5f',
  '1-7-9f3ca1b2c3d4e5f6\n',
  '1-7-9f3ca1b2c3d4e5f6/..',
  '1-9007199254740993-9f3ca1b2c3d4e5f6',
  '1-7.0-9f3ca1b2c3d4e5f6',
])('refuses %j', (text) => {
  expect(parseCursor(text)).toMatchObject({ ok: false, code: 'cursor_invalid' })
})

test('a later lineage comes after every revision of an earlier one', () => {
  const at = (lineage: number, revision: number) => ({ lineage, revision, nonce: '0'.repeat(16) })
  expect(compareCursors(at(2, 1), at(1, 1_000_000))).toBeGreaterThan(0)
  expect(compareCursors(at(1, 7), at(1, 8))).toBeLessThan(0)
  expect(compareCursors(at(1, 7), at(1, 7))).toBe(0)
})

test('comparing is a total order', () => {
  fc.assert(
    fc.property(cursor, cursor, cursor, (a, b, c) => {
      expect(Math.sign(compareCursors(a, b)) + Math.sign(compareCursors(b, a))).toBe(0)
      fc.pre(compareCursors(a, b) <= 0 && compareCursors(b, c) <= 0)
      expect(compareCursors(a, c)).toBeLessThanOrEqual(0)
    }),
  )
})
