#!/usr/bin/env node
import { runCli } from '@muster/runtime'
import { agentProgram } from './program.js'

// Trees and compiled files hold password hashes: whatever is to be readable by others is made so by name.
process.umask(0o077)
process.exitCode = await runCli(agentProgram(), process.argv.slice(2))
// A finished command leaves, even if some connection still lingers.
setTimeout(() => process.exit(), 1_000).unref()
