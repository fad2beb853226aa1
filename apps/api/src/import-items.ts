import type { ImportItem, ImportVerdict } from '@muster/contract'
import { parsePasswordHash, type MailboxRequest } from '@muster/domain'
import { NO_HASHES, parseMailboxRequest } from './mailbox-request.js'

export interface ParsedImport {
  readonly sound: readonly { readonly index: number; readonly request: MailboxRequest }[]
  readonly refused: readonly ImportVerdict[]
}

/** Parts the items that can be asked of the directory from those that cannot: bad addresses, paths and hashes. */
export function parseImportItems(items: readonly ImportItem[]): ParsedImport {
  const sound: { index: number; request: MailboxRequest }[] = []
  const refused: ImportVerdict[] = []
  for (const [index, item] of items.entries()) {
    const refuseItem = (code: string, detail: string) => refused.push({ index, address: item.address, verdict: 'refused', code, detail })
    const parsed = parseMailboxRequest(item, item.state ?? 'active')
    const hashes = item.passwordHash === undefined ? null : parsePasswordHash(item.passwordHash)
    if (!parsed.ok) refuseItem(parsed.code, parsed.detail)
    else if (hashes?.ok === false) refuseItem(hashes.code, hashes.detail)
    else sound.push({ index, request: { ...parsed.value, hashes: hashes?.value ?? NO_HASHES } })
  }
  return { sound, refused }
}
