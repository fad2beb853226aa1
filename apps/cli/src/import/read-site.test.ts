import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSite } from './read-site.js'
import type { UserdbOptions } from './read-userdb.js'

const HASH = '$1$abcdefgh$0123456789abcdefghijkl'
const OTHER_HASH = '$1$abcdefgh$zzzzzzzzzzzzzzzzzzzzzz'
const BASE = 'uid=5000|gid=5000|home=/mail1/a'

function userdb(text: string, options: Partial<UserdbOptions> = {}) {
  return readSite([{ file: 'userdb', bytes: Buffer.from(text) }], [], { domain: null, dropFields: [], ...options })
}

function popmap(text: string, domain: string | null = null) {
  return readSite([], [{ file: 'popmap', bytes: Buffer.from(text) }], { domain, dropFields: [] })
}

const faults = ({ bad }: ReturnType<typeof readSite>) => bad.map(({ file, line, code }) => `${file}:${line}: ${code}`)

describe('a userdb entry', () => {
  test('becomes a mailbox with all that the directory holds', () => {
    const line = `tevie@example.net\tuid=1001|gid=1002|home=/mail1/12/34/tevie|mail=/mail1/12/34/tevie/Maildir|quota=1000000S,100C|gecos=Tevie M|systempw=${HASH}\n`
    expect(userdb(line)).toMatchObject({
      bad: [],
      records: [
        {
          place: { file: 'userdb', line: 1 },
          item: {
            address: 'tevie@example.net',
            uid: 1001,
            gid: 1002,
            home: '/mail1/12/34/tevie',
            maildir: '/mail1/12/34/tevie/Maildir',
            quotaBytes: 1_000_000,
            quotaMessages: 100,
            name: 'Tevie M',
            passwordHash: HASH,
          },
        },
      ],
    })
  })

  test('says nothing of what its line does not say: no quota is unlimited, no password is none', () => {
    const [record] = userdb(`a@example.net\t${BASE}\n`).records
    expect(record?.item).toEqual({ address: 'a@example.net', uid: 5000, gid: 5000, home: '/mail1/a' })
  })

  test.each([
    ['Maildir', '/mail1/a/Maildir'],
    ['./Maildir/', '/mail1/a/Maildir'],
    ['/mail1/a/Maildir/', '/mail1/a/Maildir'],
    ['/mail1/a', '/mail1/a'],
    ['.', '/mail1/a'],
  ])('takes mail=%s for the folder that Courier takes it for', (mail, maildir) => {
    expect(userdb(`a@example.net\t${BASE}|mail=${mail}\n`)).toMatchObject({ bad: [], records: [{ item: { maildir } }] })
  })

  test.each([
    [`systempw=${HASH}`, undefined],
    [`systempw=${HASH}|imappw=${HASH}`, undefined],
    [`imappw=${HASH}`, ['imap']],
    [`pop3pw=${HASH}|imappw=${HASH}`, ['pop3', 'imap']],
    [`esmtppw=${HASH}`, ['smtp']],
  ])('with %s may log in to %s', (passwords, services) => {
    const [record] = userdb(`a@example.net\t${BASE}|${passwords}\n`).records
    expect(record?.item).toMatchObject({ passwordHash: HASH })
    expect(record?.item.services).toEqual(services)
  })

  test.each([
    [`systempw=${HASH}|pop3pw=${OTHER_HASH}`, 'passwords_differ'],
    [`imappw=${HASH}|pop3pw=${OTHER_HASH}`, 'passwords_differ'],
    ['systempw=abJnggxhB/yWI', 'password_hash_unsupported'],
    ['systempw=', 'password_hash_unsupported'],
    ['shell=/bin/sh', 'field_not_kept'],
    [`webmailpw=${HASH}`, 'field_not_kept'],
    ['options=disableimap=1', 'field_not_kept'],
    ['quota=10MB', 'field_invalid'],
    ['mail=/elsewhere/Maildir', 'field_invalid'],
    ['mail=../b/Maildir', 'field_invalid'],
    ['home=/mail1/b', 'line_invalid'],
    ['=x', 'line_invalid'],
  ])('with %s is a bad line', (field, code) => {
    expect(faults(userdb(`# first\na@example.net\t${BASE}|${field}\n`))).toEqual([`userdb:2: ${code}`])
  })

  test.each([
    'uid=0|gid=1|home=/a',
    'uid=x|gid=1|home=/a',
    'gid=1|home=/a',
    'uid=1|gid=1',
    'uid=1|gid=1|home=a',
    'uid=1|gid=1|home=/a/../b',
  ])('with %s is a bad line, as the directory would choose', (fields) => {
    expect(faults(userdb(`a@example.net\t${fields}\n`))).toEqual(['userdb:1: field_invalid'])
  })

  test('is imported without the fields that the operator drops', () => {
    const site = userdb(`a@example.net\t${BASE}|shell=/bin/sh|options=x\n`, { dropFields: ['shell', 'options'] })
    expect(site).toMatchObject({ bad: [], records: [{ address: 'a@example.net' }] })
  })

  test('tells which fields would be lost and how to say so', () => {
    const [bad] = userdb(`a@example.net\t${BASE}|shell=/bin/sh|options=x\n`).bad
    expect(bad?.reason).toBe(
      'The directory does not hold shell, options; --drop-field shell --drop-field options imports the line without.',
    )
  })

  test('never repeats a hash in what it says', () => {
    const site = userdb(`a@example.net\t${BASE}|systempw=${HASH}|pop3pw=${OTHER_HASH}\nb@example.net\t${BASE}|systempw={SSHA}hunter2\n`)
    expect(site.bad).toHaveLength(2)
    expect(JSON.stringify(site.bad)).not.toMatch(/0123456789|zzzz|hunter2/)
  })

  test('leading from a uid back to a name is told for what it is', () => {
    expect(faults(userdb('5000=\tvmail\n'))).toEqual(['userdb:1: reverse_entry'])
  })
})

describe('a name', () => {
  test('without a domain is completed by the one given, and told when there is none', () => {
    expect(userdb(`tevie\t${BASE}\n`, { domain: 'example.net' }).records[0]?.address).toBe('tevie@example.net')
    expect(faults(userdb(`tevie\t${BASE}\n`))).toEqual(['userdb:1: name_without_domain'])
  })

  test('is kept in lower case, its domain in A-labels', () => {
    expect(userdb(`Tevie@Bücher.example\t${BASE}\n`).records[0]?.address).toBe('tevie@xn--bcher-kva.example')
  })

  test.each(['a b@example.net', 'a@example', 'a/b@example.net', '-a@example.net', '@example.net'])('%s is no address', (name) => {
    expect(faults(userdb(`${name}\t${BASE}\n`))).toEqual(['userdb:1: address_invalid'])
  })

  test('that is there twice, in whatever spelling and file, is told with both places', () => {
    const files = ['a@example.net', 'A@example.net', 'a'].map((name, i) => ({
      file: `userdb/${i}`,
      bytes: Buffer.from(`# x\n${name}\t${BASE}\n`),
    }))
    const site = readSite(files, [], { domain: 'example.net', dropFields: [] })
    expect(site.records).toHaveLength(1)
    expect(site.bad.map(({ file, line, reason }) => `${file}:${line}: ${reason}`)).toEqual([
      'userdb/1:2: a@example.net is at userdb/0:2 already.',
      'userdb/2:2: a@example.net is at userdb/0:2 already.',
    ])
  })
})

describe('a popmap line', () => {
  test.each([
    ['a@example.net:127.0.0.11', { host: '127.0.0.11', port: null }],
    ['a@example.net:ms1.example.net:1110', { host: 'ms1.example.net', port: 1110 }],
    ['a@example.net:a@example.net@127.0.0.11:110', { host: '127.0.0.11', port: 110 }],
    ['a:a@127.0.0.11', { host: '127.0.0.11', port: null }],
  ])('%s is read', (line, expected) => {
    expect(popmap(`${line}\n`, 'example.net')).toMatchObject({ bad: [], routes: [{ address: 'a@example.net', ...expected }] })
  })

  test.each([
    ['a@example.net', 'line_invalid'],
    [':127.0.0.11', 'line_invalid'],
    ['a@example.net:', 'line_invalid'],
    ['a@example.net: 127.0.0.11', 'line_invalid'],
    ['a@example.net:127.0.0.11:pop3', 'field_invalid'],
    ['a@example.net:127.0.0.11:70000', 'field_invalid'],
    ['a@example.net:b@127.0.0.11', 'login_name_differs'],
    ['a@example.net:a@127.0.0.11', 'login_name_differs'],
    ['a:127.0.0.11', 'name_without_domain'],
  ])('%s is a bad line', (line, code) => {
    expect(faults(popmap(`${line}\n`))).toEqual([`popmap:1: ${code}`])
  })

  test('that is there twice is told with both places', () => {
    const [bad] = popmap('a@example.net:h1\n\na@example.net:h2\n').bad
    expect(bad).toMatchObject({ line: 3, code: 'duplicate', reason: 'a@example.net is at popmap:1 already.' })
  })
})

describe('whatever the files hold', () => {
  const piece = fc.constantFrom(
    'a@example.net',
    'b',
    '\t',
    '|',
    '=',
    ':',
    '@',
    '\\',
    '#',
    '\n',
    'home=/mail1/a',
    'uid=5000',
    'gid=1',
    `systempw=${HASH}`,
    'quota=1S',
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )

  test('nothing fails, and every bad line has its file and number', () => {
    let bad = 0
    fc.assert(
      fc.property(text, text, fc.constantFrom(null, 'example.net'), (one, two, domain) => {
        const site = readSite([{ file: 'userdb', bytes: Buffer.from(one) }], [{ file: 'popmap', bytes: Buffer.from(two) }], {
          domain,
          dropFields: [],
        })
        const lines = { userdb: one.split('\n').length, popmap: two.split('\n').length }
        for (const { file, line, code, reason } of site.bad) {
          bad++
          expect(line).toBeGreaterThanOrEqual(1)
          expect(line).toBeLessThanOrEqual(lines[file as keyof typeof lines])
          expect(`${code} ${reason}`).toMatch(/^[a-z0-9_]+ .+[.]$/s)
        }
      }),
      { numRuns: 500 },
    )
    expect(bad).toBeGreaterThan(100)
  })
})
