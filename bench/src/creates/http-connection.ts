import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** One keep-alive connection that carries one request after another. */
export interface HttpConnection {
  post(path: string, body: Buffer): Promise<HttpAnswer>
  close(): void
}

interface Waiting {
  resolve(answer: HttpAnswer): void
  reject(error: Error): void
}

/**
 * HTTP/1.1 over a bare socket. The load generator shares two cores with what it measures, and node:http's client takes several times as
 * long for a request as pgbench, which is what the other side is driven by. Answers carry a Content-Length, as Fastify's do.
 */
export async function openConnection(port: number, token: string): Promise<HttpConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const head = (path: string, bytes: number) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`
  let waiting: Waiting | null = null
  receive(socket, (answer) => {
    const { resolve } = waiting as Waiting
    waiting = null
    resolve(answer)
  })
  const fail = (error: Error) => waiting?.reject(error)
  socket.on('error', fail).on('close', () => fail(new Error('The server closed the connection.')))
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.cork()
        socket.write(head(path, body.length))
        socket.write(body)
        socket.uncork()
      }),
    close: () => socket.destroy(),
  }
}

function receive(socket: Socket, onAnswer: (answer: HttpAnswer) => void): void {
  let text = ''
  socket.setEncoding('latin1') // one character a byte, so that lengths are right
  socket.on('data', (chunk: string) => {
    text = text === '' ? chunk : text + chunk
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1])
    if (Number.isNaN(length)) throw new Error(`An answer without a Content-Length: ${text.slice(0, headEnd)}`)
    if (text.length < headEnd + 4 + length) return
    const answer = { status: Number(text.slice(9, 12)), body: text.slice(headEnd + 4, headEnd + 4 + length) }
    text = ''
    onAnswer(answer)
  })
}
