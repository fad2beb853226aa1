import { join } from 'node:path'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@muster/runtime'
import { migrate } from '@muster/store'
import { Client } from 'pg'
import type { LoadOrder, LoadReport } from '../creates/load-process.js'
import { CREATE_BARE_TABLE, fillBareTable, INSERT, LOGGED_INSERT } from '../creates/pgbench-scripts.js'
import { makeCreator, type CreatesSample, type Creator } from '../creates/sample-creates.js'
import type { ServerOrder, ServerReport } from '../creates/server-process.js'
import type { BenchContext, Benchmark, Measured, Target } from '../frame/benchmark.js'
import { fillDirectory } from '../site/fill-directory.js'
import { makeSite } from '../site/site.js'
import { forkProcess } from '../tools/forked.js'
import { findPgbench, runPgbench } from '../tools/pgbench.js'

const CONNECTIONS = [1, 8] as const
type Connections = (typeof CONNECTIONS)[number]

/** Mailboxes that are there before, and how long each of a round's six parts takes. */
const PLANS = {
  smoke: { there: 1_000, seconds: 0.5, pgbenchSeconds: 1, warmUpSeconds: 0.2 },
  full: { there: 100_000, seconds: 5, pgbenchSeconds: 5, warmUpSeconds: 5 },
} as const
/** More than any machine creates; the site has a mailbox for each of them. */
const MOST_PER_SECOND = 5_000

/** PostgreSQL with fsync, the API with key and log, the load generator: each in a process of its own, over TCP on loopback. */
export const creates: Benchmark = {
  name: 'creates',
  summary: 'mailboxes created per second over HTTP with a given hash, beside INSERTs by pgbench on the same PostgreSQL',
  async run(context) {
    const pgbench = await findPgbench(context.say)
    const postgres = await startEmbeddedPostgres({ dir: join(context.folder, 'postgres') })
    try {
      return await runOn(postgres, pgbench, context)
    } finally {
      await postgres.stop()
    }
  },
}

async function runOn(postgres: EmbeddedPostgres, pgbench: string, context: BenchContext): Promise<Measured[]> {
  const plan = PLANS[context.size]
  const room = (context.runs * CONNECTIONS.length * plan.seconds + plan.warmUpSeconds) * MOST_PER_SECOND
  const mailboxes = plan.there + Math.ceil(room)
  await prepareDatabase(postgres.url, mailboxes, plan.there, context)
  const options = { profileFolder: context.profileFolder, logFile: join(context.folder, 'server.log') }
  const server = forkProcess<ServerOrder, ServerReport>(new URL('../creates/server-process.js', import.meta.url), options)
  const load = forkProcess<LoadOrder, LoadReport>(new URL('../creates/load-process.js', import.meta.url))
  try {
    const target = { ...(await server.ask({ databaseUrl: postgres.url })), site: { mailboxes } }
    const pids = { server: server.pid, postgres: postgres.pid }
    const creator = makeCreator({ load, pids, target, there: plan.there, mostPerSecond: MOST_PER_SECOND })
    const bench = (script: string, clients: number, seconds: number) =>
      runPgbench({ pgbench, databaseUrl: postgres.url, script, clients, seconds, folder: context.folder })
    return await measure(creator, bench, context)
  } finally {
    await load.stop()
    await server.stop()
  }
}

async function prepareDatabase(url: string, mailboxes: number, there: number, { say }: BenchContext): Promise<void> {
  say(`filling the directory: ${there.toLocaleString('en-US')} mailboxes`)
  await migrate({ databaseUrl: url })
  await fillDirectory(url, makeSite({ mailboxes }), there)
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(CREATE_BARE_TABLE)
    await client.query(fillBareTable(there))
    await client.query('vacuum analyze provisioned_mailbox')
  } finally {
    await client.end()
  }
}

type Bench = (script: string, clients: number, seconds: number) => Promise<number>

interface Round {
  readonly connections: Connections
  readonly created: CreatesSample
  readonly insert: number
  readonly loggedInsert: number
}

async function measure(creator: Creator, bench: Bench, { size, runs, say }: BenchContext): Promise<Measured[]> {
  const { seconds, pgbenchSeconds, warmUpSeconds } = PLANS[size]
  await creator.sample(8, warmUpSeconds)
  await bench(LOGGED_INSERT, 8, 1)
  const rounds: Round[] = []
  for (let run = 1; run <= runs; run++) {
    for (const connections of CONNECTIONS) {
      const created = await creator.sample(connections, seconds)
      const insert = await bench(INSERT, connections, pgbenchSeconds)
      const loggedInsert = await bench(LOGGED_INSERT, connections, pgbenchSeconds)
      rounds.push({ connections, created, insert, loggedInsert })
      say(
        `round ${run} of ${runs}, ${connections} at a time: ${[created.perSecond, insert, loggedInsert].map(Math.round).join(', ')} per second`,
      )
    }
  }
  return CONNECTIONS.flatMap((connections) =>
    toMeasured(
      connections,
      rounds.filter((r) => r.connections === connections),
    ),
  )
}

const TARGETS_AT_8: { readonly rate?: Target; readonly ratio?: Target } = {
  rate: { of: 'value', is: 'at least', bound: 500 },
  ratio: { of: 'value', is: 'at least', bound: 0.5 },
}

/** `(8)` is eight connections, or eight clients of pgbench. */
function toMeasured(connections: Connections, rounds: readonly Round[]): Measured[] {
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const at = (name: string) => `${name} (${connections})`
  const targets: typeof TARGETS_AT_8 = connections === 8 ? TARGETS_AT_8 : {}
  return [
    { id: at('creates'), unit: 'per second', samples: of((r) => r.created.perSecond), against: at('INSERT'), target: targets.rate },
    { id: at('INSERT'), unit: 'per second', samples: of((r) => r.insert) },
    { id: at('logged INSERT'), unit: 'per second', samples: of((r) => r.loggedInsert) },
    { id: at('creates to logged INSERT'), unit: 'ratio', samples: of((r) => r.created.perSecond / r.loggedInsert), target: targets.ratio },
    { id: at('create, median'), unit: 'ms', samples: of((r) => r.created.p50Ms) },
    { id: at('create, 99th percentile'), unit: 'ms', samples: of((r) => r.created.p99Ms) },
    { id: at('CPU of a create, API'), unit: 'ms', samples: of((r) => r.created.apiCpuMs) },
    { id: at('CPU of a create, PostgreSQL'), unit: 'ms', samples: of((r) => r.created.postgresCpuMs) },
    { id: at('CPU of a create, load generator'), unit: 'ms', samples: of((r) => r.created.loadCpuMs) },
  ]
}
