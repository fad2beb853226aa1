import type { Mailbox } from '@muster/domain'

/** What the log keeps of a mailbox: its fields, and of its password only whether it has one. */
export interface MailboxPicture {
  readonly mailboxId: string
  readonly mailstore: string
  readonly home: string
  readonly maildir: string
  readonly uid: number
  readonly gid: number
  readonly quotaBytes: number | null
  readonly quotaMessages: number | null
  readonly services: readonly string[]
  readonly name: string | null
  readonly hasPassword: boolean
  readonly state: string
}

export function pictureOf(mailbox: Mailbox) {
  const { mailboxId, mailstore, home, maildir, uid, gid, quotaBytes, quotaMessages, services, name, hasPassword, state } = mailbox
  return {
    mailboxId,
    mailstore,
    home,
    maildir,
    uid,
    gid,
    quotaBytes,
    quotaMessages,
    services,
    name,
    hasPassword,
    state,
  } satisfies MailboxPicture
}
