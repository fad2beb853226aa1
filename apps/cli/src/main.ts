#!/usr/bin/env node
import { runCli } from '@muster/runtime'
import { musterProgram } from './program.js'

process.exitCode = await runCli(musterProgram(), process.argv.slice(2))
// A finished command leaves, even if some connection still lingers.
setTimeout(() => process.exit(), 1_000).unref()
