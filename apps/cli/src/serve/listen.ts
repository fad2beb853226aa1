import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
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

function inOperatorsTerms(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  switch (error.code) {
    case 'EADDRINUSE':
      return new CliFailure(
        EXIT.busy,
        'port_in_use',
        `Port ${port} on ${host} is in use.`,
        `Set MUSTER_PORT to another, such as MUSTER_PORT=${port + 1}.`,
      )
    case 'EACCES':
      return new CliFailure(
        EXIT.config,
        'port_forbidden',
        `Port ${port} on ${host} may not be opened by this user.`,
        'Set MUSTER_PORT to one above 1023.',
      )
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
