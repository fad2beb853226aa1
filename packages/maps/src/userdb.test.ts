import type { Address } from '@muster/domain'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MailboxRow } from './map-kind.js'
import { userdb } from './userdb.js'

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
  name: 'Tevie Moriarty',
  status: 'active',
  argon2id: '$argon2id$x',
  crypt: '$6$hash',
}
const lineOf = (more: Partial<MailboxRow>) => userdb.entriesOf({ ...row, ...more })[0]?.line

test('says all that Courier needs, the password for crypt among it', () => {
  expect(lineOf({})).toBe(
    'tevie@example.net\tuid=5000|gid=5001|home=/mail1/t|mail=/mail1/t/Maildir|quota=1000000S,100C|gecos=Tevie Moriarty|systempw=$6$hash',
  )
})

test('leaves out what is not limited, not named and not set', () => {
  const bare = 'tevie@example.net\tuid=5000|gid=5001|home=/mail1/t|mail=/mail1/t/Maildir'
  expect(lineOf({ quotaBytes: null, quotaMessages: null, name: null, crypt: null })).toBe(bare)
})

test('writes systempw only where every service is allowed, because it answers for each that has no field of its own', () => {
  expect(lineOf({ services: ['smtp', 'pop3', 'imap'] })).toMatch(/\|systempw=\$6\$hash$/)
  expect(lineOf({ services: ['smtp', 'imap'] })).toMatch(/Moriarty\|imappw=\$6\$hash\|esmtppw=\$6\$hash$/)
  expect(lineOf({ services: ['pop3'] })).toMatch(/Moriarty\|pop3pw=\$6\$hash$/)
  expect(lineOf({ services: [] })).not.toContain('pw=')
})

test('has no password field for a suspended mailbox, nor where there is only an argon2id hash, which crypt cannot verify', () => {
  expect(lineOf({ status: 'suspended' })).not.toContain('pw=')
  expect(lineOf({ crypt: null })).not.toContain('pw=')
})

test('a name loses the characters that part fields', () => {
  expect(lineOf({ name: 'a|systempw=x\ny\tz' })).toContain('|gecos=a systempw=x y z|systempw=$6$hash')
})

describe('parseLine', () => {
  test("takes a site's own lines: any fields in any order, values with =, a field without =", () => {
    const line = 'tevie\thome=/home/tevie|uid=1000|options=disableimap=1,disablepop3=1|shared'
    expect(userdb.parseLine(line)).toEqual({
      key: 'tevie',
      fields: new Map([
        ['home', '/home/tevie'],
        ['uid', '1000'],
        ['options', 'disableimap=1,disablepop3=1'],
        ['shared', ''],
      ]),
    })
  })

  test('skips empty fields, as makeuserdb does at the end of a line', () => {
    expect(userdb.parseLine('tevie\tuid=1||gid=2|').fields).toEqual(
      new Map([
        ['uid', '1'],
        ['gid', '2'],
      ]),
    )
  })

  test.each([
    ['tevie uid=1', 'no name followed by a tab'],
    ['\tuid=1', 'no name followed by a tab'],
    ['#tevie\tuid=1', 'comment'],
    ['tevie\tuid=1|uid=2', 'twice'],
    ['tevie\t=1', 'no name'],
    ['tevie\tuid=1\t|gid=2', 'U+0009'],
    ['tevie\tuid=1\r', 'U+000D'],
    ['te\u0001vie\tuid=1', 'U+0001'],
  ])('refuses %j', (line, why) => {
    expect(() => userdb.parseLine(line)).toThrow(expect.objectContaining({ name: 'MapSyntaxError', message: expect.stringContaining(why) }))
  })

  test('reads back whatever renderLine writes', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((t) => !/[|=\p{Control}]/u.test(t))
    const key = text.filter((t) => t !== '' && !t.startsWith('#'))
    const fields = fc
      .array(
        fc.tuple(
          key.filter((t) => t !== ''),
          fc.tuple(text, text).map((t) => t.join('=')),
        ),
      )
      .map((all) => new Map(all))
    fc.assert(
      fc.property(key, fields, (k, f) => {
        expect(userdb.parseLine(userdb.renderLine({ key: k, fields: f }))).toEqual({ key: k, fields: f })
      }),
    )
  })

  test.each([
    { key: '', fields: new Map() },
    { key: '#x', fields: new Map() },
    { key: 'a\tb', fields: new Map() },
    { key: 'a', fields: new Map([['', 'x']]) },
    { key: 'a', fields: new Map([['x=y', 'z']]) },
    { key: 'a', fields: new Map([['x', 'y|uid=0']]) },
    { key: 'a', fields: new Map([['x', 'y\nroot\tuid=0']]) },
  ])('renderLine refuses $key $fields', (entry) => {
    expect(() => userdb.renderLine(entry)).toThrow(expect.objectContaining({ name: 'MapSyntaxError' }))
  })
})
