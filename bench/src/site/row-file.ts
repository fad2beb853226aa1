import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { MailboxRow } from '@muster/maps'
import type { Site } from './site.js'

/**
 * A site's rows on disk, a page a line: who measures what becomes of rows must neither make them in the same process, which costs more than
 * what is measured, nor hold them all.
 */
export async function writeRowFile(file: string, site: Site): Promise<void> {
  const out = createWriteStream(file, { mode: 0o600 })
  for (const page of site.pages()) out.write(`${JSON.stringify(page)}\n`)
  out.end()
  await finished(out)
}

/** The pages of such a file, and how long reading them has taken so far. */
export function openRowFile(file: string): { spentMs(): number; pages(): AsyncGenerator<readonly MailboxRow[]> } {
  let spentMs = 0
  return {
    spentMs: () => spentMs,
    async *pages() {
      const handle = await open(file)
      const lines = handle.readLines()[Symbol.asyncIterator]()
      for (;;) {
        const started = performance.now()
        const line = await lines.next()
        const page = line.done === true ? null : (JSON.parse(line.value) as MailboxRow[])
        spentMs += performance.now() - started
        if (page === null) return
        yield page
      }
    },
  }
}
