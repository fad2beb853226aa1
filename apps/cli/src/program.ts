import { command } from '@muster/runtime'
import type { Command } from 'commander'
import { hostsCommand } from './commands/hosts.js'
import { importCommand } from './commands/import.js'
import { keysCommand } from './commands/keys.js'
import { migrateCommand } from './commands/migrate.js'
import { restoreCommand } from './commands/restore.js'
import { serveCommand } from './commands/serve.js'

/** `muster` with all its commands. */
export function musterProgram(): Command {
  return command({
    name: 'muster',
    summary: 'The control plane of a mail cluster: one directory, and lookup databases on every mail host in step with it.',
    examples: [['muster serve --local-host', 'run everything on this machine']],
  })
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(keysCommand())
    .addCommand(hostsCommand())
    .addCommand(importCommand())
    .addCommand(restoreCommand())
}
