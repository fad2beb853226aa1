import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { orderArgon2Parameters, parsePassword, parsePasswordHash } from './password.js'

describe('parsePassword', () => {
  test.each([
    'a',
    ' ',
    'correct horse battery staple',
    'a'.repeat(72),
    '\u00fc'.repeat(36),
    '\u{1F4A9}'.repeat(18),
    '{CRYPT}*',
    '*',
    '|:\\"\'',
  ])('takes %j as it stands', (password) => {
    expect(parsePassword(password)).toEqual({ ok: true, value: password })
  })

  test.each([
    '',
    'a'.repeat(73),
    '\u00fc'.repeat(37),
    '\u{1F4A9}'.repeat(18) + 'a',
    '\0',
    'secret\0',
    'two\nlines',
    'two\r\nlines',
    'tab\t',
    '\u007f',
    'half\ud83d',
    '\udca9half',
  ])('refuses %j', (password) => {
    expect(parsePassword(password)).toMatchObject({ ok: false, code: 'password_invalid', subject: 'password' })
  })

  test('what is taken fits into the 72 bytes that bcrypt reads, and comes back from UTF-8 unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const outcome = parsePassword(text)
        fc.pre(outcome.ok)
        const bytes = Buffer.from(outcome.value, 'utf8')
        expect(bytes.length).toBeLessThanOrEqual(72)
        expect(bytes.includes(0)).toBe(false)
        expect(bytes.toString('utf8')).toBe(text)
      }),
    )
  })
})

const SALT22 = 'abcdefghijklmnopqrstuv'
const crypt = {
  md5: `$1$saltsalt$${'a'.repeat(22)}`,
  sha256: `$5$salt$${'b'.repeat(43)}`,
  sha256rounds: `$5$rounds=10000$salt$${'b'.repeat(43)}`,
  sha512: '$6$muster$LZs9nwySIxVYKE3TXltR/CFsQXJqwvNUHCxKMLhy8NKqnS25h.CucRPYZSx/p/rWvHAyjr6Znpd7uhofuvDDa.',
  sha512rounds: `$6$rounds=656000$saltsalt$${'c'.repeat(86)}`,
  bcrypt2a: `$2a$10$${SALT22}${'d'.repeat(31)}`,
  bcrypt2b: `$2b$12$${SALT22}${'d'.repeat(31)}`,
  bcrypt2y: `$2y$04$${SALT22}${'d'.repeat(31)}`,
  yescrypt: `$y$j9T$saltsaltsaltsaltsaltsa$${'e'.repeat(43)}`,
}
const argon = (parameters: string) => `$argon2id$v=19$${parameters}$c2FsdHNhbHRzYWx0$${'f'.repeat(43)}`

describe('parsePasswordHash', () => {
  test.each(Object.values(crypt))('takes %s for daemons that use crypt', (hash) => {
    expect(parsePasswordHash(hash)).toEqual({ ok: true, value: { argon2id: null, crypt: hash } })
    expect(parsePasswordHash(`{CRYPT}${hash}`)).toEqual({ ok: true, value: { argon2id: null, crypt: hash } })
  })

  test('takes argon2id with its parameters in any order, and keeps them in the one that Dovecot reads', () => {
    const value = { argon2id: argon('m=65536,t=3,p=4'), crypt: null }
    for (const order of ['m=65536,t=3,p=4', 'm=65536,p=4,t=3', 'p=4,t=3,m=65536']) {
      expect(parsePasswordHash(argon(order))).toEqual({ ok: true, value })
      expect(parsePasswordHash(`{ARGON2ID}${argon(order)}`)).toEqual({ ok: true, value })
    }
  })

  test("takes Dovecot's scheme in either case where it is the hash's own, and refuses another's", () => {
    expect(parsePasswordHash(`{sha512-crypt}${crypt.sha512}`)).toMatchObject({ ok: true })
    expect(parsePasswordHash(`{BLF-CRYPT}${crypt.bcrypt2y}`)).toMatchObject({ ok: true })
    expect(parsePasswordHash(`{MD5-CRYPT}${crypt.sha512}`)).toMatchObject({ ok: false })
    expect(parsePasswordHash(`{CRYPT}${argon('m=65536,t=3,p=4')}`)).toMatchObject({ ok: false })
    expect(parsePasswordHash(`{ARGON2ID}${crypt.sha512}`)).toMatchObject({ ok: false })
    expect(parsePasswordHash(`{PLAIN}${crypt.sha512}`)).toMatchObject({ ok: false })
  })

  test.each([
    '',
    'secret',
    '*',
    '!',
    '!$6$salt$x',
    '{PLAIN}secret',
    '{SSHA}dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=',
    'JBOZ0DgmtucwE',
    '$3$$8846f7eaee8fb117ad06bdd830b7586c',
    `${crypt.sha512}\n`,
    `${crypt.sha512}:0:0`,
    `${crypt.sha512}|systempw=x`,
    ` ${crypt.sha512}`,
    crypt.sha512.slice(0, -1),
    `${crypt.sha512}a`,
    crypt.sha512.replace('muster', 'salt:salt'),
    `$6$rounds=999$salt$${'c'.repeat(86)}`,
    `$6$rounds=0999$salt$${'c'.repeat(86)}`,
    `$6$rounds=999999999$salt$${'c'.repeat(86)}`,
    crypt.bcrypt2b.replace('$12$', '$31$'),
    crypt.bcrypt2b.replace('$12$', '$03$'),
    crypt.bcrypt2b.replace('$2b$', '$2x$'),
    argon('m=65536,t=3'),
    argon('m=65536,t=3,t=3'),
    argon('m=65536,t=3,p=4,keyid=AAAA'),
    argon('m=65536,t=0,p=4'),
    argon('m=065536,t=3,p=4'),
    argon('m=8,t=3,p=4'),
    argon('m=4194304,t=3,p=1'),
    argon('m=65536,t=3,p=4').replace('v=19', 'v=16'),
    argon('m=65536,t=3,p=4').replace('argon2id', 'argon2i'),
    argon('m=65536,t=3,p=4').replace('c2FsdHNhbHRzYWx0', 'c2FsdHNhbHRzYWx0c'),
    `${argon('m=65536,t=3,p=4')}=`,
  ])('refuses %j', (hash) => {
    const outcome = parsePasswordHash(hash)
    expect(outcome).toMatchObject({ ok: false, code: 'password_hash_unsupported', subject: 'passwordHash' })
  })

  test('a refusal never repeats the hash', () => {
    expect(JSON.stringify(parsePasswordHash('{PLAIN}correct horse'))).not.toContain('horse')
  })

  test('answers at once for long text made to keep a pattern busy', () => {
    for (const start of ['$argon2id$v=19$', '$6$', '$6$rounds=', '{', '$y$', '$2b$10$']) {
      for (const piece of ['a', 'm=1,', '=', '$', '.', 'm=1,t=1,p=1$']) {
        expect(parsePasswordHash(start + piece.repeat(500_000))).toMatchObject({ ok: false })
      }
    }
  })

  test('whatever is taken holds nothing that ends a line or parts a field in a map', () => {
    const spoil = fc.constantFrom('', '', ':', '|', '\n', ' ', '\t', '%', '\\', '"', "'", '\0')
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(crypt), argon('m=65536,t=3,p=4')), spoil, fc.nat(110), (hash, char, at) => {
        const outcome = parsePasswordHash(hash.slice(0, at) + char + hash.slice(at))
        fc.pre(outcome.ok)
        expect(outcome.value.argon2id ?? outcome.value.crypt).toMatch(/^\$[A-Za-z0-9./+=,$]+$/)
      }),
    )
  })
})

test('ordering the parameters of argon2 keeps every one, and doing it twice is doing it once', () => {
  const order = fc.shuffledSubarray(['m=65536', 't=3', 'p=4'], { minLength: 3 })
  fc.assert(
    fc.property(order, (parameters) => {
      const ordered = orderArgon2Parameters(argon(parameters.join(',')))
      expect(ordered).toBe(argon('m=65536,t=3,p=4'))
      expect(orderArgon2Parameters(ordered)).toBe(ordered)
    }),
  )
})
