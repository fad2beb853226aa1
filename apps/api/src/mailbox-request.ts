import type { CreateMailbox, ImportItem, PatchMailbox } from '@muster/contract'
import {
  accept,
  parseAddress,
  parsePasswordHash,
  parseStorePath,
  refuse,
  SERVICES,
  type MailboxRequest,
  type Outcome,
  type PasswordHashes,
  type State,
} from '@muster/domain'
import type { Passwords } from './passwords/passwords.js'

type FieldRefusal = 'address_invalid' | 'path_invalid'
export type HashRefusal = 'password_invalid' | 'password_hash_unsupported' | 'password_and_hash' | 'hashing_busy'

const NO_HASHES: PasswordHashes = { argon2id: null, crypt: null }

/** A mailbox from the wire with every field parsed, all but its password: quotas that are not given are unlimited. */
export function parseMailboxRequest(
  body: Omit<CreateMailbox, 'password'> | ImportItem,
  state: State,
): Outcome<Omit<MailboxRequest, 'hashes'>, FieldRefusal> {
  const address = parseAddress(body.address)
  if (!address.ok) return address
  for (const path of [body.home, body.maildir]) {
    const parsed = path === undefined ? null : parseStorePath(path)
    if (parsed?.ok === false) return parsed
  }
  return accept({
    address: address.value,
    mailstore: body.mailstore,
    home: body.home,
    maildir: body.maildir,
    uid: body.uid,
    gid: body.gid,
    quotaBytes: body.quotaBytes ?? null,
    quotaMessages: body.quotaMessages ?? null,
    services: body.services ?? SERVICES,
    name: body.name ?? null,
    state,
  })
}

/** The hashes that a password or an imported hash stands for; undefined when neither is given. */
export async function hashesOf(
  body: Pick<PatchMailbox, 'password' | 'passwordHash'>,
  passwords: Passwords,
): Promise<Outcome<PasswordHashes | undefined, HashRefusal>> {
  const { password, passwordHash } = body
  if (password !== undefined && passwordHash !== undefined) {
    return refuse('password_and_hash', 'password', 'Give `password` or `passwordHash`, not both.')
  }
  if (password !== undefined) return passwords.hash(password)
  return passwordHash === undefined ? accept(undefined) : parsePasswordHash(passwordHash)
}

export { NO_HASHES }
