import { connect, type Socket } from 'node:net'
import type { Listen } from './daemon-process.js'

/** One POP3 session (RFC 1939), as a mail program holds it. */
export interface Pop3Session {
  readonly greeting: string
  /** Sends a command and answers with its reply line. */
  command(line: string): Promise<string>
  /** Sends a command whose `+OK` is followed by lines up to a single dot. Throws on `-ERR`. */
  listing(line: string): Promise<string[]>
  close(): void
}

export type Pop3Login =
  | {
      readonly ok: true
      readonly greeting: string
      readonly messages: number
      readonly uids: string[]
      readonly firstMessage: string[] | null
    }
  | { readonly ok: false; readonly greeting: string; readonly reply: string }

// Courier waits five seconds before it says that a password is wrong.
const REPLY_TIMEOUT_MS = 20_000

/** Logs in, reads STAT, UIDL and the first message if there is one, and quits. A refused login is an answer; a broken session throws. */
export async function tryPop3Login(server: Listen, user: string, password: string): Promise<Pop3Login> {
  const session = await openPop3(server)
  try {
    const { greeting } = session
    await session.command(`USER ${user}`)
    const reply = await session.command(`PASS ${password}`)
    if (!reply.startsWith('+OK')) return { ok: false, greeting, reply }
    const messages = Number((await session.command('STAT')).split(' ')[1])
    const uids = (await session.listing('UIDL')).map((line) => line.split(' ')[1] ?? '')
    const firstMessage = messages > 0 ? await session.listing('RETR 1') : null
    await session.command('QUIT')
    return { ok: true, greeting, messages, uids, firstMessage }
  } finally {
    session.close()
  }
}

export async function openPop3(server: Listen): Promise<Pop3Session> {
  const socket = connect(server.port, server.host)
  const nextLine = readLines(socket)
  const command = async (line: string) => {
    socket.write(`${line}\r\n`)
    return nextLine()
  }
  return {
    greeting: await nextLine(),
    command,
    async listing(line) {
      const reply = await command(line)
      if (!reply.startsWith('+OK')) throw new Error(`${line}: ${reply}`)
      const lines: string[] = []
      for (let next = await nextLine(); next !== '.'; next = await nextLine()) lines.push(next.startsWith('.') ? next.slice(1) : next)
      return lines
    },
    close: () => socket.destroy(),
  }
}

/** Answers with one line after another; a closed connection and a silent server are errors. */
function readLines(socket: Socket): () => Promise<string> {
  const lines: string[] = []
  let rest = ''
  let failure: Error | null = null
  let wake = () => {}
  socket.setTimeout(REPLY_TIMEOUT_MS, () => socket.destroy(new Error('the POP3 server did not answer in time')))
  socket.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('latin1')).split('\r\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  socket.on('error', (error) => (failure = error))
  socket.on('close', () => {
    failure ??= new Error('the POP3 server closed the connection')
    wake()
  })
  return async () => {
    while (lines.length === 0) {
      if (failure !== null) throw failure
      await new Promise<void>((resolve) => (wake = resolve))
    }
    return lines.shift() as string
  }
}
