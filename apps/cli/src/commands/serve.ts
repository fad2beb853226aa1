import { answer, command, createLogger, readConfig } from '@muster/runtime'
import type { Command } from 'commander'
import { renderWelcome } from '../serve/welcome.js'

interface ServeOptions {
  readonly localHost?: boolean
  readonly newAdminKey?: boolean
}

export function serveCommand(): Command {
  const made = command({
    name: 'serve',
    summary: 'Run the control plane: API, console, publisher and worker in one process, with the embedded PostgreSQL or your own.',
    examples: [
      ['muster serve --local-host', 'everything on this machine, as npm start does'],
      ['MUSTER_DATABASE_URL_FILE=/etc/muster/database-url MUSTER_DATA_DIR=/var/lib/muster muster serve', 'with your own PostgreSQL'],
    ],
  })
  return made
    .option('--local-host', 'also keep compiled maps on this machine, as host `local`')
    .option('--new-admin-key', 'make a new admin key and write it to admin-key: the way back in when all are lost')
    .action(async ({ localHost = false, newAdminKey = false }: ServeOptions) => {
      const config = readConfig()
      const log = createLogger({ level: config.logLevel, name: 'muster' })
      if (config.unknownVariables.length > 0) log.warn({ variables: config.unknownVariables }, 'these variables mean nothing to Muster')
      // Loaded here: the other commands need not wait for the API, Prisma and the rest (0.6 s).
      const { runAllInOne } = await import('../serve/all-in-one.js')
      await runAllInOne({ config, log, localHost, newAdminKey, onReady: (welcome) => answer(made, welcome, renderWelcome(welcome)) })
    })
}
