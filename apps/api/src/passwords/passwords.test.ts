import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { HashingConfig } from '../config.js'
import { createPasswords } from './passwords.js'

/** As cheap as the algorithms allow: what is tested is not the cost. */
const CHEAP: HashingConfig = { argon2: { memoryKib: 64, passes: 1, lanes: 1 }, bcryptCost: 4, queueLength: 64 }
const passwords = createPasswords(CHEAP)

async function hash(password: string) {
  const outcome = await passwords.hash(password)
  if (!outcome.ok) throw new Error(outcome.code)
  return outcome.value
}

/** crypt(3) as the mail daemons of this machine call it. */
function systemCrypt(password: string, setting: string): string {
  return execFileSync('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', password, setting], { encoding: 'latin1' })
}

describe('hashing', () => {
  test('makes an argon2id hash with its parameters in the order that libsodium reads, and a bcrypt hash', async () => {
    const { argon2id, crypt } = await hash('correct horse')
    expect(argon2id).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/)
    expect(crypt).toMatch(/^\$2b\$04\$[./A-Za-z0-9]{53}$/)
  })

  test('crypt(3) of this machine verifies the bcrypt hash', async () => {
    const { crypt } = await hash('correct horse')
    expect(systemCrypt('correct horse', crypt ?? '')).toBe(crypt)
    expect(systemCrypt('another horse', crypt ?? '')).not.toBe(crypt)
  })

  test.each([
    ['nothing', ''],
    ['a NUL', 'before\0after'],
    ['73 bytes', 'a'.repeat(73)],
    ['73 bytes in 25 characters', `${'€'.repeat(24)}a`],
  ])('refuses %s', async (_, password) => {
    expect(await passwords.hash(password)).toMatchObject({ ok: false, code: 'password_invalid' })
    expect(await passwords.verify(password, { argon2id: null, crypt: null })).toMatchObject({ ok: false, code: 'password_invalid' })
  })

  test.each([
    ['72 bytes', 'a'.repeat(72), 'a'.repeat(71)],
    ['72 bytes in 24 characters', '€'.repeat(24), '€'.repeat(23)],
  ])('takes %s whole', async (_, password, shorter) => {
    const both = await hash(password)
    for (const hashes of [both, { ...both, argon2id: null }]) {
      expect(await passwords.verify(password, hashes)).toEqual({ ok: true, value: true })
      expect(await passwords.verify(shorter, hashes)).toEqual({ ok: true, value: false })
    }
  })

  test.each<[string, Partial<HashingConfig>]>([
    ['argon2id', { argon2: { memoryKib: 16_384, passes: 1, lanes: 1 } }],
    ['bcrypt', { bcryptCost: 9 }],
  ])('in %s never holds the event loop: what it costs more goes to others', async (_, dear) => {
    const turnsOf = async (config: HashingConfig) => {
      const made = createPasswords(config)
      let turns = 0
      let done = false
      const count = () => {
        if (done) return
        turns += 1
        setImmediate(count)
      }
      setImmediate(count)
      await Promise.all(Array.from({ length: 4 }, () => made.hash('correct horse')))
      done = true
      return turns
    }
    const cheap = [await turnsOf(CHEAP), await turnsOf(CHEAP), await turnsOf(CHEAP), await turnsOf(CHEAP)]
    // Hashed on this thread, the dear one would leave as few turns as the cheap one does.
    expect(await turnsOf({ ...CHEAP, ...dear })).toBeGreaterThan(3 * Math.min(...cheap))
  })

  test('refuses when more passwords wait than there is room for', async () => {
    const tiny = createPasswords({ ...CHEAP, queueLength: 1 })
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => tiny.hash('correct horse')))
    const refused = outcomes.filter((outcome) => !outcome.ok)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ code: 'hashing_busy' })
    expect(await tiny.hash('correct horse')).toMatchObject({ ok: true })
  })
})

describe('checking', () => {
  const imported = (crypt: string) => ({ argon2id: null, crypt })

  test('nothing matches where no password is set', async () => {
    expect(await passwords.verify('anything', { argon2id: null, crypt: null })).toEqual({ ok: true, value: false })
  })

  test.each(['$6$usesomesillystri', '$6$rounds=1000$salt', '$5$salt', '$1$salt', '$y$j9T$abcdefgh', '$2b$04$abcdefghijklmnopqrstuu'])(
    'judges an imported %s hash as crypt(3) of this machine does',
    async (setting) => {
      const hashes = imported(systemCrypt('gr\u00fcn & tief', setting))
      expect(await passwords.verify('gr\u00fcn & tief', hashes)).toEqual({ ok: true, value: true })
      expect(await passwords.verify('gr\u00fcn & tie', hashes)).toEqual({ ok: true, value: false })
    },
  )

  test.each(['$2y$', '$2a$'])('judges %s as the bcrypt it is', async (prefix) => {
    const { crypt } = await hash('correct horse')
    const hashes = imported((crypt ?? '').replace('$2b$', prefix))
    expect(await passwords.verify('correct horse', hashes)).toEqual({ ok: true, value: true })
    expect(await passwords.verify('another horse', hashes)).toEqual({ ok: true, value: false })
  })

  test('says so when this machine does not know the scheme, rather than no', async () => {
    expect(await passwords.verify('x', imported('$99$salt$hash'))).toMatchObject({ ok: false, code: 'password_hash_unverifiable' })
  })
})
