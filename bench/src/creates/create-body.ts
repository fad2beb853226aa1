import type { CreateMailbox } from '@muster/contract'
import type { MailboxRow } from '@muster/maps'

/** What a billing system sends for a new mailbox whose hash it has: the directory chooses the mailstore. */
export function createBody(row: MailboxRow): Buffer {
  const body: CreateMailbox = {
    address: row.address,
    passwordHash: row.crypt ?? '',
    quotaBytes: row.quotaBytes,
    services: [...row.services],
    name: row.name,
  }
  return Buffer.from(JSON.stringify(body))
}
