import { command } from '@muster/runtime'
import type { Command } from 'commander'
import { doctorCommand } from './commands/doctor.js'
import { enrollCommand } from './commands/enroll.js'
import { rollbackCommand } from './commands/rollback.js'
import { runCommand } from './commands/run.js'
import { statusCommand } from './commands/status.js'
import { syncCommand } from './commands/sync.js'
import { verifyCommand } from './commands/verify.js'
import { EXIT_CODES, EXIT_MEANINGS } from './exit-codes.js'

/** The command line of `muster-agent`. */
export function agentProgram(): Command {
  const program = command({
    name: 'muster-agent',
    summary: "Keeps a mail host's lookup databases in step with the directory.",
    examples: [
      ['muster-agent enroll --api https://muster.example.net --host pop1 --token-file /etc/muster-agent/token', 'once a host'],
      ['muster-agent run', 'as a service'],
      ['muster-agent sync --once', 'from cron or a systemd timer'],
    ],
  })
  for (const make of [runCommand, syncCommand, statusCommand, verifyCommand, doctorCommand, rollbackCommand, enrollCommand])
    program.addCommand(make())
  const codes = Object.entries(EXIT_CODES).map(
    ([name, code]) => `  ${String(code).padStart(3)}  ${EXIT_MEANINGS[name as keyof typeof EXIT_CODES]}`,
  )
  return program.addHelpText('after', `\nExit codes:\n${codes.join('\n')}`)
}
