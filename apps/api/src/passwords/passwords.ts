import { availableParallelism } from 'node:os'
import { accept, orderArgon2Parameters, parsePassword, refuse, type Outcome, type PasswordHashes } from '@muster/domain'
import argon2 from 'argon2'
import bcrypt from 'bcrypt'
import type { HashingConfig } from '../config.js'
import { verifyWithSystemCrypt } from './system-crypt.js'
import { createWorkQueue } from './work-queue.js'

/** Makes and checks hashes off the event loop, a few at once. Passwords come in as text and leave only as hashes. */
export interface Passwords {
  /** Both hashes of a password: argon2id for Dovecot and for our own checks, bcrypt for daemons that use crypt(3). */
  hash(password: string): Promise<Outcome<PasswordHashes, 'password_invalid' | 'hashing_busy'>>
  verify(
    password: string,
    hashes: PasswordHashes,
  ): Promise<Outcome<boolean, 'password_invalid' | 'hashing_busy' | 'password_hash_unverifiable'>>
}

/**
 * argon2 and bcrypt work on libuv's pool of four threads, which the file system and DNS use as well: three at most are taken, and no
 * more than there are cores.
 */
const MOST_THREADS = 3

export function createPasswords(config: HashingConfig): Passwords {
  const concurrency = Math.min(availableParallelism(), MOST_THREADS)
  const queue = createWorkQueue({ concurrency, queueLength: config.queueLength })
  return {
    async hash(password) {
      const parsed = parsePassword(password)
      return parsed.ok ? queue.run(() => hashBoth(parsed.value, config)) : parsed
    },
    async verify(password, hashes) {
      const parsed = parsePassword(password)
      if (!parsed.ok) return parsed
      const verdict = await queue.run(() => verifyEither(parsed.value, hashes))
      if (!verdict.ok) return verdict
      return verdict.value === null ? unverifiable : accept(verdict.value)
    },
  }
}

const unverifiable = refuse(
  'password_hash_unverifiable',
  'password',
  'The hash was imported, and crypt(3) of this machine does not know its scheme. Mail daemons elsewhere may. Set the password anew to check it here.',
)

async function hashBoth(password: string, { argon2: cost, bcryptCost }: HashingConfig): Promise<PasswordHashes> {
  const argon2id = await argon2.hash(password, {
    type: argon2.argon2id,
    memoryCost: cost.memoryKib,
    timeCost: cost.passes,
    parallelism: cost.lanes,
  })
  return { argon2id: orderArgon2Parameters(argon2id), crypt: await bcrypt.hash(password, bcryptCost) }
}

async function verifyEither(password: string, { argon2id, crypt }: PasswordHashes): Promise<boolean | null> {
  if (argon2id !== null) return argon2.verify(argon2id, password)
  if (crypt === null) return false
  // $2y$ is what PHP calls $2b$; the bcrypt package knows only the latter.
  if (/^\$2[aby]\$/.test(crypt)) return bcrypt.compare(password, crypt.replace(/^\$2y\$/, '$2b$'))
  return verifyWithSystemCrypt(password, crypt)
}
