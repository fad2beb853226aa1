import { startDaemonProcess, type DaemonProcess, type Listen } from './daemon-process.js'
import { toolPath, type Requirement } from './tools.js'

export const PERDITION_TOOLS: readonly Requirement[] = ['perdition.pop3', 'libperditiondb_gdbm']

export interface PerditionOptions {
  /** The compiled popmap (GDBM). Perdition opens it anew at every login, as the user it runs as. */
  readonly map: string
  readonly listen: Listen
  /** Where a mailstore without a port in the popmap is reached. */
  readonly outgoingPort: number
}

/** A real Perdition for POP3. As root it gives up its rights to nobody, so `map` must then be readable by everyone. */
export async function startPerdition({ map, listen, outgoingPort }: PerditionOptions): Promise<DaemonProcess> {
  const [user, group] = process.getuid?.() === 0 ? ['nobody', 'nogroup'] : [process.getuid?.(), process.getgid?.()]
  const args = [
    ['-f', '/dev/null', '--protocol', 'POP3', '--no_daemon', '--no_lookup', '--pid_file', '', '-F', '-'],
    // As docs/map-formats.md has it: keys are in lower case, and what clients send need not be.
    ['--lower_case', 'servername_lookup,remote_login'],
    ['-u', String(user), '-g', String(group)],
    ['-M', toolPath('libperditiondb_gdbm'), '-m', map],
    ['-b', `${listen.host}:${listen.port}`, '-p', String(outgoingPort)],
  ]
  return startDaemonProcess(toolPath('perdition.pop3'), args.flat(), [listen])
}
