import type { Address } from '@muster/domain'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MailboxRow } from './map-kind.js'
import { popmap, type PopmapFields } from './popmap.js'

const row = { address: 'tevie@example.net' as Address, mailstoreHost: '127.0.0.11', mailstorePort: null, status: 'active' } as MailboxRow
const lineOf = (more: Partial<MailboxRow>) => popmap.entriesOf({ ...row, ...more })[0]?.line

test('names the store, and its port where it has one of its own', () => {
  expect(lineOf({})).toBe('tevie@example.net:127.0.0.11')
  expect(lineOf({ mailstoreHost: 'ms1.internal.example', mailstorePort: 1110 })).toBe('tevie@example.net:ms1.internal.example:1110')
})

test('writes an IPv6 address in brackets, with or without a port', () => {
  expect(lineOf({ mailstoreHost: '::1' })).toBe('tevie@example.net:[::1]')
  expect(lineOf({ mailstoreHost: '2001:db8::11', mailstorePort: 1110 })).toBe('tevie@example.net:[2001:db8::11]:1110')
})

test('a suspended mailbox keeps its way to the store, which refuses it', () => {
  expect(lineOf({ status: 'suspended' })).toBe(lineOf({}))
})

describe('parseLine', () => {
  test.each([
    ['tevie@example.net:ms1', { user: null, host: 'ms1', port: null }],
    ['tevie:ms1.example.net:pop3', { user: null, host: 'ms1.example.net', port: 'pop3' }],
    ['jain:jane@foo.bar', { user: 'jane', host: 'foo.bar', port: null }],
    ['jain:jane@example.net@foo.bar:110', { user: 'jane@example.net', host: 'foo.bar', port: '110' }],
    ['tevie:te@[2001:db8::11]:1110', { user: 'te', host: '2001:db8::11', port: '1110' }],
  ] satisfies [string, PopmapFields][])('takes %j', (line, fields) => {
    expect(popmap.parseLine(line)).toEqual({ key: line.slice(0, line.indexOf(':')), fields })
    expect(popmap.renderLine(popmap.parseLine(line))).toBe(line)
  })

  test.each([
    '',
    'tevie',
    ':ms1',
    'tevie:',
    'tevie: ms1',
    'tevie:ms1 ',
    'tevie:ms1\r',
    'tevie:ms1:',
    'tevie::110',
    'tevie:@ms1',
    'tevie:::1',
    'tevie:2001:db8::11',
    'tevie:[::1',
    'tevie:[ms1]',
    'te\tvie:ms1',
    'tevie:ms1:110:110',
  ])('refuses %j', (line) => {
    expect(() => popmap.parseLine(line)).toThrow(expect.objectContaining({ name: 'MapSyntaxError' }))
  })

  test('reads back whatever renderLine writes', () => {
    const entry = fc.record({
      key: fc.string({ unit: 'grapheme', minLength: 1 }).filter((t) => !/[:\p{Control}]/u.test(t)),
      fields: fc.record({
        user: fc.option(fc.stringMatching(/^[a-z0-9@.+'_-]{1,10}$/), { nil: null }),
        host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
        port: fc.option(fc.oneof(fc.integer({ min: 1, max: 65_535 }).map(String), fc.constant('pop3')), { nil: null }),
      }),
    })
    fc.assert(
      fc.property(entry, (e) => {
        expect(popmap.parseLine(popmap.renderLine(e))).toEqual(e)
      }),
    )
  })

  test('renderLine refuses what makegdbm would cut: it reads lines into 4,096 bytes', () => {
    const entry = (length: number) => ({ key: 'k'.repeat(length - 2), fields: { user: null, host: 'h', port: null } })
    expect(popmap.renderLine(entry(4_094))).toHaveLength(4_094)
    expect(() => popmap.renderLine(entry(4_095))).toThrow('4094 bytes')
  })
})
