import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAILSTORE_NAME } from '../mailstore/types.js'
import { MAP_KINDS, mapName, parseMapName, planHostMaps } from './plan-host-maps.js'
import { ROLES } from './types.js'

const namesOf = (host: Parameters<typeof planHostMaps>[0]) => planHostMaps(host).map(mapName)

describe('planHostMaps', () => {
  test('a proxy gets where mailboxes live and nothing that holds a hash', () => {
    expect(namesOf({ roles: ['proxy'], mailstores: [] })).toEqual(['popmap'])
    expect(namesOf({ roles: ['proxy', 'webmail'], mailstores: ['ms1'] })).toEqual(['popmap'])
  })

  test('a mailstore gets its own mailboxes, each store once, in order of names', () => {
    expect(namesOf({ roles: ['mailstore'], mailstores: ['ms2', 'ms1', 'ms2'] })).toEqual([
      'userdb@ms1',
      'dovecot-passwd@ms1',
      'userdb@ms2',
      'dovecot-passwd@ms2',
    ])
  })

  test('a host that serves every mailstore gets the whole maps', () => {
    expect(namesOf({ roles: ['mailstore'], mailstores: ['*', 'ms1'] })).toEqual(['userdb', 'dovecot-passwd'])
  })

  test('no role but mailstore ever sees a hash, whatever mailstores are written down for the host', () => {
    fc.assert(
      fc.property(fc.subarray(ROLES.filter((role) => role !== 'mailstore')), fc.subarray(['*', 'ms1', 'ms2']), (roles, mailstores) => {
        for (const { kind } of planHostMaps({ roles, mailstores })) expect(kind).toBe('popmap')
      }),
    )
  })
})

describe('parseMapName', () => {
  const mailstore = fc.option(fc.stringMatching(MAILSTORE_NAME), { nil: null })

  test('takes every name that mapName gives', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MAP_KINDS), mailstore, (kind, store) => {
        expect(parseMapName(mapName({ kind, mailstore: store }))).toEqual({ kind, mailstore: store })
      }),
    )
  })

  test.each([
    '',
    'aliases',
    'userdb@',
    'userdb@MS1',
    'userdb@ms1@ms2',
    'userdb@..',
    'userdb@../popmap',
    'userdb@ms1/..',
    '@ms1',
    'userdb@ms1\n',
    '__proto__',
  ])('refuses %j: a name is a folder', (name) => {
    expect(parseMapName(name)).toBeNull()
  })
})
