import { expect, test } from 'vitest'
import { median, toFigures } from './figures.js'

test('the median of an even number of samples lies between the middle two', () => {
  expect(median([4, 1, 3, 100])).toBe(3.5)
  expect(median([9, 1, 5])).toBe(5)
})

test('a ratio is the median of one figure over the median of the other', () => {
  const figures = toFigures(
    [
      { id: 'ours', unit: 's', samples: [2, 1, 9], against: 'theirs' },
      { id: 'theirs', unit: 's', samples: [8, 7, 100] },
    ],
    { judge: true },
  )
  expect(figures).toEqual([
    { id: 'ours', value: 2, unit: 's', low: 1, high: 9, samples: 3, ratio: 0.25, against: 'theirs' },
    { id: 'theirs', value: 8, unit: 's', low: 7, high: 100, samples: 3 },
  ])
})

test.each([
  ['ratio', 'at most', 0.3, true],
  ['ratio', 'at most', 0.2, false],
  ['ratio', 'at least', 0.2, true],
  ['value', 'at least', 3, false],
  ['value', 'at most', 2, true],
] as const)('a target of a %s %s %f is judged %s', (of, is, bound, pass) => {
  const measured = [
    { id: 'ours', unit: 's', samples: [2], against: 'theirs', target: { of, is, bound } },
    { id: 'theirs', unit: 's', samples: [8] },
  ] as const
  expect(toFigures(measured, { judge: true })[0]).toMatchObject({ pass })
  expect(toFigures(measured, { judge: false })[0]).not.toHaveProperty('pass')
})

test('a figure compared with one that was not measured is a mistake in the benchmark', () => {
  expect(() => toFigures([{ id: 'ours', unit: 's', samples: [2], against: 'nobody' }], { judge: true })).toThrow('nobody')
})
