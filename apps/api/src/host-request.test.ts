import { expect, test } from 'vitest'
import { planHostRequest } from './host-request.js'

const mismatch = { ok: false, code: 'host_mailstores_mismatch' }
const proxy = { roles: ['proxy'], mailstores: [] } as const
const store = { roles: ['mailstore'], mailstores: ['ms1'] } as const

test('a mailstore host names the mailstores whose hashes it is given, and no other host has any', () => {
  expect(planHostRequest({ roles: ['mailstore'] }, null)).toMatchObject(mismatch)
  expect(planHostRequest({ roles: ['proxy'], mailstores: ['ms1'] }, null)).toMatchObject(mismatch)
  expect(planHostRequest({ roles: ['mailstore', 'proxy'], mailstores: ['*'] }, null)).toMatchObject({ ok: true })
  expect(planHostRequest({ roles: ['proxy'] }, null)).toEqual({ ok: true, value: proxy })
})

test('what is left out stays as it was, and mailstores go with their role', () => {
  expect(planHostRequest({ roles: ['mailstore', 'proxy'] }, store)).toEqual({
    ok: true,
    value: { roles: ['mailstore', 'proxy'], mailstores: ['ms1'] },
  })
  expect(planHostRequest({ mailstores: ['ms2'] }, store)).toMatchObject({ value: { roles: ['mailstore'], mailstores: ['ms2'] } })
  expect(planHostRequest({ roles: ['proxy'] }, store)).toEqual({ ok: true, value: proxy })
  expect(planHostRequest({ mailstores: [] }, store)).toMatchObject(mismatch)
  expect(planHostRequest({ mailstores: ['ms1'] }, proxy)).toMatchObject(mismatch)
})
