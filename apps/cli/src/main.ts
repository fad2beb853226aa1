#!/usr/bin/env node
import { command, runCli } from '@muster/runtime'
import { hostsCommand } from './commands/hosts.js'
import { importCommand } from './commands/import.js'
import { keysCommand } from './commands/keys.js'
import { migrateCommand } from './commands/migrate.js'
import { restoreCommand } from './commands/restore.js'
import { serveCommand } from './commands/serve.js'

const program = command({
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

process.exitCode = await runCli(program, process.argv.slice(2))
// A finished command leaves, even if some connection still lingers.
setTimeout(() => process.exit(), 1_000).unref()
