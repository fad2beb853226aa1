import { makeSite, type Site } from '../site/site.js'
import { serveOrders } from '../tools/forked.js'
import { createBody } from './create-body.js'
import { openConnection, type HttpConnection } from './http-connection.js'

/** What the benchmark asks of this process, which is forked so that it doesn't share an event loop with anything it measures. */
export interface LoadOrder {
  readonly port: number
  readonly token: string
  readonly site: { readonly mailboxes: number }
  /** Number of the first mailbox to create; the others follow it without a gap. */
  readonly from: number
  /** Requests made beforehand; no more are sent. */
  readonly most: number
  readonly connections: number
  readonly seconds: number
}

export interface LoadReport {
  readonly created: number
  readonly seconds: number
  /** Time of each request, in the order they ended. */
  readonly latenciesMs: readonly number[]
  readonly cpuMs: number
}

/** Kept from order to order: it takes a while to make. */
let lastSite: Site | undefined

serveOrders(load)

async function load(order: LoadOrder): Promise<LoadReport> {
  if (lastSite?.size !== order.site.mailboxes) lastSite = makeSite(order.site)
  const bodies = makeBodies(lastSite, order)
  const connections = await Promise.all(Array.from({ length: order.connections }, () => openConnection(order.port, order.token)))
  const latenciesMs: number[] = []
  const cpu = process.cpuUsage()
  const started = performance.now()
  const end = started + order.seconds * 1_000
  await Promise.all(connections.map((connection) => createUntil(end, connection, bodies, latenciesMs)))
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  for (const connection of connections) connection.close()
  return { created: latenciesMs.length, seconds, latenciesMs, cpuMs: (user + system) / 1_000 }
}

/** The next mailbox is the last of the array: what isn't sent is asked for again by the next order. */
function makeBodies(site: Site, { from, most }: LoadOrder): Buffer[] {
  return Array.from({ length: most }, (_, n) => createBody(site.mailbox(from + most - 1 - n)))
}

/** Anything but 201 ends the run: a refusal costs less than a create, and would flatter the rate. */
async function createUntil(end: number, connection: HttpConnection, bodies: Buffer[], latenciesMs: number[]): Promise<void> {
  for (let now = performance.now(); now < end;) {
    const body = bodies.pop()
    if (body === undefined) throw new Error('More was created than there were requests; make `most` larger.')
    const answer = await connection.post('/v1/mailboxes', body)
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`)
    const then = now
    now = performance.now()
    latenciesMs.push(now - then)
  }
}
