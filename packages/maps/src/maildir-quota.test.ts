import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMaildirQuota, renderMaildirQuota } from './maildir-quota.js'

const limit = fc.option(fc.integer({ min: 1, max: 999_999_999_999_999 }), { nil: null })

test('what was rendered is parsed back', () => {
  fc.assert(
    fc.property(limit, limit, (quotaBytes, quotaMessages) => {
      expect(parseMaildirQuota(renderMaildirQuota({ quotaBytes, quotaMessages }) ?? '')).toEqual({ quotaBytes, quotaMessages })
    }),
  )
})

test('reads both limits in either order, and 0 as no limit, as the daemons do', () => {
  expect(parseMaildirQuota('100C,1000000S')).toEqual({ quotaBytes: 1_000_000, quotaMessages: 100 })
  expect(parseMaildirQuota('0S,0C')).toEqual({ quotaBytes: null, quotaMessages: null })
})

test.each(['1000000', '10M', '-1S', '1S;2C', ' 1S', 'S', '1s', '1S,,2C'])('refuses %j', (text) => {
  expect(() => parseMaildirQuota(text)).toThrow('reads like 1000000S,100C')
})
