import { expect, test } from 'vitest'
import { mapsTouched } from './maps-touched.js'

const nothing = { mailboxes: false, mailboxMailstores: [], mailstores: [] }

test('what concerns neither mailboxes nor mailstores touches no map', () => {
  expect(mapsTouched(nothing)).toEqual([])
})

test('a mailbox touches the whole maps, and those of every mailstore it was on', () => {
  expect(mapsTouched({ ...nothing, mailboxes: true, mailboxMailstores: ['ms2', 'ms1'] })).toEqual([
    'dovecot-passwd',
    'dovecot-passwd@ms1',
    'dovecot-passwd@ms2',
    'popmap',
    'userdb',
    'userdb@ms1',
    'userdb@ms2',
  ])
})

test('a mailstore touches the whole maps and its own', () => {
  expect(mapsTouched({ ...nothing, mailstores: ['ms1'] })).toEqual([
    'dovecot-passwd',
    'dovecot-passwd@ms1',
    'popmap',
    'userdb',
    'userdb@ms1',
  ])
})
