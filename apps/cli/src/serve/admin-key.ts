import type { Actor, Directory } from '@muster/domain'
import type { Logger } from '@muster/runtime'
import { adminKeyFile } from '../data-folder.js'
import { adoptKeyFile, writeNewKey } from './key-file.js'

/**
 * A directory without any admin key gets one, in the file admin-key. Later starts leave keys alone: one that was revoked does not come
 * back, and one that an operator keeps elsewhere needs no file. `renew` makes a new key in any case: the way back in for who lost theirs.
 */
export async function ensureAdminKey(directory: Directory, dataDir: string, renew: boolean, actor: Actor, log: Logger): Promise<void> {
  const file = adminKeyFile(dataDir)
  if (!renew && (await adoptKeyFile(directory, file))) return
  if (!renew && (await hasAdminKey(directory))) {
    log.warn({ file }, 'the file holds no key of this directory; --new-admin-key makes one')
    return
  }
  await writeNewKey(directory, { file, name: 'first admin key', role: 'admin', host: null }, actor)
  log.info({ file }, 'admin key written')
}

async function hasAdminKey(directory: Directory): Promise<boolean> {
  let after: string | undefined
  do {
    const page = await directory.listKeys({ limit: 1_000, after })
    if (page.items.some((key) => key.role === 'admin')) return true
    after = page.next ?? undefined
  } while (after !== undefined)
  return false
}
