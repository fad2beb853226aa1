import type { Address } from '@muster/domain'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dovecotPasswd } from './dovecot-passwd.js'
import type { MailboxRow } from './map-kind.js'

const row: MailboxRow = {
  mailboxId: 'm1',
  address: 'tevie@example.net' as Address,
  mailstore: 'ms1',
  mailstoreHost: '127.0.0.11',
  mailstorePort: null,
  home: '/mail1/t',
  maildir: '/mail1/t/Maildir',
  uid: 5000,
  gid: 5001,
  quotaBytes: 1_000_000,
  quotaMessages: 100,
  services: ['imap', 'pop3', 'smtp'],
  name: 'Not: shown',
  status: 'active',
  argon2id: '$argon2id$x',
  crypt: '$6$hash',
}
const linesOf = (more: Partial<MailboxRow>) => dovecotPasswd.entriesOf({ ...row, ...more }).map((entry) => entry.line)
const ACCOUNT = ':5000:5001::/mail1/t::userdb_mail=maildir:/mail1/t/Maildir userdb_quota_rule=*:bytes=1000000:messages=100'

test('is passdb and userdb in one line where every service is allowed, argon2id before crypt', () => {
  expect(linesOf({})).toEqual([`tevie@example.net:{ARGON2ID}$argon2id$x${ACCOUNT}`])
  expect(linesOf({ argon2id: null })).toEqual([`tevie@example.net:{CRYPT}$6$hash${ACCOUNT}`])
})

test('writes only the limits that there are', () => {
  expect(linesOf({ quotaMessages: null })[0]).toMatch(/ userdb_quota_rule=\*:bytes=1000000$/)
  expect(linesOf({ quotaBytes: null })[0]).toMatch(/ userdb_quota_rule=\*:messages=100$/)
  expect(linesOf({ quotaBytes: null, quotaMessages: null })[0]).toMatch(/Maildir$/)
})

test('where some services are allowed, the account has no password and each of those services has a line', () => {
  const account = `tevie@example.net:{CRYPT}*${ACCOUNT}`
  const login = (service: string) => `${service}"tevie@example.net:{ARGON2ID}$argon2id$x`
  expect(linesOf({ services: ['imap'] })).toEqual([account, login('imap'), login('sieve')])
  expect(linesOf({ services: ['pop3', 'smtp'] })).toEqual([account, login('pop3'), login('smtp'), login('submission')])
  expect(linesOf({ services: [] })).toEqual([account])
})

test('a suspended mailbox and one without a hash keep the account for deliveries, and nothing that verifies', () => {
  const account = `tevie@example.net:{CRYPT}*${ACCOUNT}`
  expect(linesOf({ status: 'suspended' })).toEqual([account])
  expect(linesOf({ status: 'suspended', services: ['imap'] })).toEqual([account])
  expect(linesOf({ argon2id: null, crypt: null })).toEqual([account])
  expect(linesOf({ argon2id: null, crypt: null, services: ['imap'] })).toEqual([account])
})

test('an apostrophe in a key has the backslash that Dovecot looks it up with; in a path it has none', () => {
  const [line] = linesOf({ address: "o'brien@example.net" as Address, home: "/mail1/o'brien" })
  expect(line).toMatch(/^o\\'brien@example\.net:\{ARGON2ID\}[^:]*:5000:5001::\/mail1\/o'brien::/)
})

describe('parseLine', () => {
  test('takes an account apart, and a login line', () => {
    expect(dovecotPasswd.parseLine(linesOf({})[0] as string)).toEqual({
      key: 'tevie@example.net',
      fields: {
        password: '{ARGON2ID}$argon2id$x',
        account: {
          uid: 5000,
          gid: 5001,
          home: '/mail1/t',
          extra: new Map([
            ['userdb_mail', 'maildir:/mail1/t/Maildir'],
            ['userdb_quota_rule', '*:bytes=1000000:messages=100'],
          ]),
        },
      },
    })
    expect(dovecotPasswd.parseLine('imap"x@y:{CRYPT}z')).toEqual({ key: 'imap"x@y', fields: { password: '{CRYPT}z', account: null } })
  })

  test.each([
    'tevie',
    ':{CRYPT}x',
    '#tevie:{CRYPT}x',
    'tevie:{CRYPT}x:5000',
    'tevie:{CRYPT}x:5000:5000:',
    'tevie:{CRYPT}x:0:5000::/h::',
    'tevie:{CRYPT}x:vmail:vmail::/h::',
    'tevie:{CRYPT}x:4294967295:1::/h::',
    'tevie:{CRYPT}x:1:1::/h::a=1 a=2',
    'tevie:{CRYPT}x:1:1::/h::=1',
    'tevie:{CRYPT}x:1:1::/h::userdb_mail=maildir:/m/%u',
    'tevie:{CRYPT}x:1:1::/h::userdb_mail=maildir:/m/%%%u',
    'tevie:{CRYPT}x\t:1:1::/h::',
  ])('refuses %j', (line) => {
    expect(() => dovecotPasswd.parseLine(line)).toThrow(expect.objectContaining({ name: 'MapSyntaxError' }))
  })

  test('reads back whatever renderLine writes, percent signs and colons in extra fields among it', () => {
    const plain = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((t) => !/[:\s\p{Control}]/u.test(t))
    const name = plain.filter((t) => t !== '' && !/[=%]/.test(t))
    const value = fc.array(fc.oneof(plain, fc.constantFrom('%', '%u', ':', '=')), { maxLength: 4 }).map((parts) => parts.join(''))
    const account = fc.record({
      uid: fc.integer({ min: 1, max: 4_294_967_294 }),
      gid: fc.integer({ min: 1, max: 4_294_967_294 }),
      home: plain,
      extra: fc.array(fc.tuple(name, value)).map((all) => new Map(all)),
    })
    const key = plain.filter((t) => t !== '' && !t.startsWith('#'))
    fc.assert(
      fc.property(key, plain, fc.option(account, { nil: null }), (k, password, a) => {
        const entry = { key: k, fields: { password, account: a } }
        expect(dovecotPasswd.parseLine(dovecotPasswd.renderLine(entry))).toEqual(entry)
      }),
    )
  })
})
