import koffi from 'koffi'

/** What systemd is told (sd_notify(3)). Silent where nobody listens: NOTIFY_SOCKET is set for `Type=notify` services alone. */
export interface Systemd {
  /** `READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=...`: one assignment each. */
  tell(...assignments: string[]): void
  /** How often a sign of life is due at the latest; null when the unit asks for none. */
  readonly watchdogMs: number | null
}

/**
 * By a datagram of our own: Node knows no Unix datagram sockets, and what the program systemd-notify sends comes from another process,
 * which systemd takes only with NotifyAccess=all, and not if that process is gone before it looks.
 */
export function openSystemd(env: Readonly<Record<string, string | undefined>>): Systemd {
  const { NOTIFY_SOCKET: path = '', WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid = String(process.pid) } = env
  const watchdogMs = /^[1-9]\d*$/.test(usec) && pid === String(process.pid) ? Number(usec) / 1_000 : null
  if (path === '') return { tell: () => {}, watchdogMs }
  const send = openSender(path)
  return { tell: (...assignments) => send(Buffer.from(assignments.join('\n'))), watchdogMs }
}

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000

/** A message that cannot be sent is lost: systemd misses it, and says so. */
function openSender(path: string): (message: Buffer) => void {
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int domain, int type, int protocol)') as (...args: number[]) => number
  const sendto = libc.func('long sendto(int fd, const void *data, size_t bytes, int flags, const void *address, unsigned int length)')
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0)
  // An address that begins with @ is in the abstract namespace, where a NUL stands first.
  const address = Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), Buffer.from(path.replace(/^@/, '\0'))])
  return (message) => void sendto(fd, message, message.length, MSG_DONTWAIT_NOSIGNAL, address, address.length)
}
