import { MapSyntaxError } from './map-kind.js'

/** A quota as Maildir++ writes it (maildirquota(7)): `1000000S,100C` is a million bytes and a hundred messages. null is unlimited. */
export interface MaildirQuota {
  readonly quotaBytes: number | null
  readonly quotaMessages: number | null
}

/** null when nothing is limited: then the field is left out. */
export function renderMaildirQuota({ quotaBytes, quotaMessages }: MaildirQuota): string | null {
  if (quotaBytes === null) return quotaMessages === null ? null : `${quotaMessages}C`
  return quotaMessages === null ? `${quotaBytes}S` : `${quotaBytes}S,${quotaMessages}C`
}

/** Courier and Dovecot read 0 as no limit, and so does this. Throws a MapSyntaxError for anything but numbers followed by S or C. */
export function parseMaildirQuota(text: string): MaildirQuota {
  const quota: { S: number | null; C: number | null } = { S: null, C: null }
  for (const part of text === '' ? [] : text.split(',')) {
    const match = /^(\d{1,15})([SC])$/.exec(part)
    if (!match) throw new MapSyntaxError(`quota=${text}: a quota reads like 1000000S,100C`)
    quota[match[2] as 'S' | 'C'] = Number(match[1]) || null
  }
  return { quotaBytes: quota.S, quotaMessages: quota.C }
}
