import { randomUUID } from 'node:crypto'
import { renderCursor } from '@muster/domain'
import { answer, command, createLogger, readConfig } from '@muster/runtime'
import type { Command } from 'commander'
import { firstUse, withDatabase } from '../database.js'

export function restoreCommand(): Command {
  const group = command({ name: 'restore', summary: 'After the database was restored from a backup.', examples: [] })
  const accept = command({
    name: 'accept',
    summary:
      'Accept that the database went back in time: a new lineage begins, and the publisher publishes again. ' +
      'What was done after the backup was taken is gone from every host at its next sync. With the embedded database, stop Muster first.',
    examples: [['muster restore accept', 'then start Muster again']],
  })
  accept.action(async () => {
    const config = readConfig()
    const log = createLogger({ level: config.logLevel, name: 'muster' })
    const { openStore } = await import('@muster/store')
    const cursor = await withDatabase(config, log, async (databaseUrl) => {
      const store = await openStore({ databaseUrl })
      try {
        await firstUse(databaseUrl, () => store.ping())
        return await store.acceptRestore({ keyId: 'muster-cli', role: 'admin', requestId: randomUUID() })
      } finally {
        await store.close()
      }
    })
    const text = `Lineage ${cursor.lineage} begins at revision ${cursor.revision}.`
    answer(accept, { lineage: cursor.lineage, revision: cursor.revision, cursor: renderCursor(cursor) }, text)
  })
  return group.addCommand(accept)
}
