import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDaemonProcess, type DaemonProcess, type Listen } from './daemon-process.js'
import { makeTemporaryFolder } from './postgres.js'
import { toolPath, type Requirement } from './tools.js'

export const COURIER_POP3_TOOLS: readonly Requirement[] = [
  'private mounts',
  'authdaemond',
  'libauthuserdb',
  'couriertcpd',
  'courierpop3login',
  'courierpop3d',
  'libcourier-unicode',
]

export interface CourierOptions {
  /** Stands for /etc/courier of the host: here lie userdb.dat and userdbshadow.dat, and may come and go while Courier runs. */
  readonly etcDir: string
  readonly listen: Listen
}

/** authdaemond reads this file at its start; `authuserdb` alone, so that nobody logs in by an account of the machine. */
const AUTHDAEMONRC = `authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=3
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
`

/**
 * Courier's binaries have /etc/courier/userdb and /run/courier/authdaemon/socket compiled in. So both daemons run in a mount namespace
 * of their own, where `etcDir` lies over /etc/courier and an empty folder over /run: they see exactly the paths they would see on the
 * mail host, another Courier on this machine sees nothing of them, and the mounts end with the last process.
 * The steps of the start script, `$1` to `$8` being the arguments given below.
 */
const START = `set -e
mount --bind "$1" /etc/courier
mount --bind "$2" /run
mkdir -p -m 755 /run/courier/authdaemon
# courierpop3d is started as the owner of the mailbox, who may not pass the folders above a checkout in /root.
mount --bind "$(dirname "$8")" /mnt
"$3" &
# A login that comes before authdaemond listens is refused as if its password were wrong.
until [ -S /run/courier/authdaemon/socket ]; do sleep 0.05; done
exec env -i PATH=/usr/bin:/bin MAILDIRPATH=Maildir POP3AUTH= \\
  "$4" -address="$5" -maxprocs=100 -maxperip=100 -nodnslookup -noidentlookup "$6" "/mnt/$(basename "$7")" "/mnt/$(basename "$8")" Maildir
`

/** A real Courier POP3 server with its authdaemond on a userdb pair. Its greeting is `+OK Hello there.` */
export async function startCourierPop3({ etcDir, listen }: CourierOptions): Promise<DaemonProcess> {
  await mkdir(etcDir, { recursive: true })
  await writeFile(join(etcDir, 'authdaemonrc'), AUTHDAEMONRC)
  const runDir = await makeTemporaryFolder('muster-courier-run-')
  const programs = [toolPath('authdaemond'), toolPath('couriertcpd')]
  const rest = [listen.host, String(listen.port), toolPath('courierpop3login'), toolPath('courierpop3d')]
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', START, 'start-courier', etcDir, runDir, ...programs, ...rest]
  const removeRunDir = () => rm(runDir, { recursive: true, force: true })
  try {
    const daemon = await startDaemonProcess('unshare', args, [listen])
    return {
      ...daemon,
      async stop() {
        await daemon.stop()
        await removeRunDir()
      },
    }
  } catch (error) {
    await removeRunDir()
    throw error
  }
}
