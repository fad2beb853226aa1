import type { Server } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { CliFailure, EXIT } from '@muster/runtime'

/** What of a Fastify server is used here. */
export interface ListeningApp {
  readonly server: Server
  listen(options: { host: string; port: number }): Promise<string>
}

/** Listens and answers the port, which is another than asked for when that was 0. */
export async function listen(app: ListeningApp, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw inOperatorsTerms(error as NodeJS.ErrnoException, host, port)
  }
  return (app.server.address() as AddressInfo).port
}

/** Tells of a port that cannot be had before anything is started for nothing. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer()
  try {
    await new Promise<void>((resolve, reject) => probe.once('error', reject).listen({ host, port }, resolve))
  } catch (error) {
    throw inOperatorsTerms(error as NodeJS.ErrnoException, host, port)
  }
  await new Promise<void>((resolve) => probe.close(() => resolve()))
}

function inOperatorsTerms(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  const at = `Port ${port} on ${host}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new CliFailure(EXIT.busy, 'port_in_use', `${at} is in use.`, `Set MUSTER_PORT to another, such as MUSTER_PORT=${port + 1}.`)
    case 'EACCES':
      return new CliFailure(EXIT.config, 'port_forbidden', `${at} may not be opened by this user.`, 'Set MUSTER_PORT to one above 1023.')
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CliFailure(
        EXIT.config,
        'address_unknown',
        `${host} is no address of this machine.`,
        'Set MUSTER_BIND to one, such as 127.0.0.1.',
      )
    default:
      return error
  }
}
