import type { Forked } from '../tools/forked.js'
import { cpuOfTree } from '../tools/process-cost.js'
import type { LoadOrder, LoadReport } from './load-process.js'

export interface CreatesSample {
  readonly perSecond: number
  /** Half of the requests took no longer, and 99 of 100. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU time a create took in each place. */
  readonly apiCpuMs: number
  readonly postgresCpuMs: number
  readonly loadCpuMs: number
}

export interface Creator {
  /** Creates for so long through so many connections, and answers what it measured. */
  sample(connections: number, seconds: number): Promise<CreatesSample>
}

export interface CreatorOptions {
  readonly load: Forked<LoadOrder, LoadReport>
  readonly pids: { readonly server: number; readonly postgres: number }
  readonly target: Pick<LoadOrder, 'port' | 'token' | 'site'>
  /** Mailboxes of the site that are there already. */
  readonly there: number
  /** More than any machine creates in a second. */
  readonly mostPerSecond: number
}

/** Walks through the site from sample to sample, so that no mailbox is asked for twice. */
export function makeCreator({ load, pids, target, there, mostPerSecond }: CreatorOptions): Creator {
  let from = there
  return {
    async sample(connections, seconds) {
      const most = Math.ceil(seconds * mostPerSecond)
      const before = await cpuNow(pids)
      const report = await load.ask({ ...target, from, most, connections, seconds })
      const after = await cpuNow(pids)
      from += report.created
      const { created } = report
      const latencies = Float64Array.from(report.latenciesMs).sort()
      return {
        perSecond: created / report.seconds,
        p50Ms: percentile(latencies, 0.5),
        p99Ms: percentile(latencies, 0.99),
        apiCpuMs: (after.server - before.server) / created,
        postgresCpuMs: (after.postgres - before.postgres) / created,
        loadCpuMs: report.cpuMs / created,
      }
    },
  }
}

async function cpuNow(pids: CreatorOptions['pids']): Promise<{ server: number; postgres: number }> {
  const [server, postgres] = await Promise.all([cpuOfTree(pids.server), cpuOfTree(pids.postgres)])
  return { server, postgres }
}

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
