import { compareKeys } from '@muster/maps'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldDeltas, parseDelta, renderDelta, type Delta } from './delta.js'
import { sha256 } from './shard.js'
import { anyBatch, cursorAt, toChanges } from './tree.fixture.js'

const keyOfLine = (line: string): string => {
  if (!line.includes(':')) throw new Error('there is no colon')
  return line.slice(0, line.indexOf(':'))
}

function delta(from: number, to: number, changes: ReadonlyMap<string, string | null>): Delta {
  const sorted = [...changes].map(([k, line]) => ({ key: k, line })).sort((a, b) => compareKeys(a.key, b.key))
  return { map: 'popmap', from: cursorAt(from), to: cursorAt(to), root: sha256(`${to}`), changes: sorted }
}

test('a delta parses to what it was rendered from', () => {
  fc.assert(
    fc.property(anyBatch, (batch) => {
      const made = delta(1, 2, toChanges(batch))
      expect(parseDelta(Buffer.from(renderDelta(made)), keyOfLine, 'f')).toEqual(made)
    }),
  )
})

test('reads as the format says', () => {
  const text = renderDelta(
    delta(
      1,
      2,
      new Map([
        ['b', null],
        ['a', 'a:1'],
      ]),
    ),
  )
  expect(text).toBe(`muster-delta 1\nmap popmap\nfrom 1-1-0000000000000001\nto 1-2-0000000000000002\nroot ${sha256('2')}\n\n+a:1\n-b\n`)
})

test('folded deltas hold the last word on each key', () => {
  const first = delta(
    1,
    2,
    new Map([
      ['a', 'a:1'],
      ['b', 'b:1'],
      ['c', null],
    ]),
  )
  const second = delta(
    2,
    3,
    new Map([
      ['b', null],
      ['c', 'c:2'],
    ]),
  )
  const folded = foldDeltas([first, second])
  expect(folded).toEqual({
    ...delta(
      1,
      3,
      new Map([
        ['a', 'a:1'],
        ['b', null],
        ['c', 'c:2'],
      ]),
    ),
    root: second.root,
  })
})

test('a gap between deltas is refused, never skipped', () => {
  expect(() => foldDeltas([delta(1, 2, new Map()), delta(3, 4, new Map())])).toThrow('delta_out_of_place')
  expect(() => foldDeltas([delta(1, 2, new Map()), { ...delta(2, 3, new Map()), map: 'userdb' }])).toThrow('delta_out_of_place')
})

const good = renderDelta(
  delta(
    1,
    2,
    new Map([
      ['a', 'a:1'],
      ['b', null],
    ]),
  ),
)
test.each([
  [good.slice(0, -1), 'f:8: syntax: expected a newline at the end'],
  [good.replace('\n\n', '\n'), 'f:6: syntax: expected an empty line before the changes'],
  [good.replace('-b', '*b'), 'f:8: syntax: expected +LINE or -KEY'],
  [good.replace('-b', '-'), 'f:8: syntax: expected +LINE or -KEY'],
  [good.replace('-b', '-a'), 'f:8: syntax: expected keys in ascending byte order'],
  [good.replace('+a:1', '+a'), 'there is no colon'],
  [good.replace('from 1-1', 'from 1-x'), 'f:3: syntax: expected a cursor'],
])('refuses a delta out of form (%#) and says where', (text, message) => {
  expect(() => parseDelta(Buffer.from(text), keyOfLine, 'f')).toThrow(message)
})
