import { answer, command, createLogger, readConfig } from '@muster/runtime'
import type { Command } from 'commander'
import { firstUse, withDatabase } from '../database.js'

export function migrateCommand(): Command {
  const made = command({
    name: 'migrate',
    summary: 'Bring the database to the newest schema. `serve` does this by itself.',
    examples: [['MUSTER_DATABASE_URL_FILE=/etc/muster/database-url muster migrate', 'before the new version is started']],
  })
  return made.action(async () => {
    const config = readConfig()
    const log = createLogger({ level: config.logLevel, name: 'muster' })
    const { migrate } = await import('@muster/store')
    const { applied } = await withDatabase(config, log, (databaseUrl) => firstUse(databaseUrl, () => migrate({ databaseUrl })))
    answer(made, { applied }, applied.length === 0 ? 'The schema is up to date.' : applied.map((name) => `applied ${name}`).join('\n'))
  })
}
