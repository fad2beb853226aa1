import type { Directory } from '@muster/domain'
import type { Database } from './database.js'
import { toHostReport } from './rows.js'

type Reports = Pick<Directory, 'saveReports' | 'listReports'>

/** Where the hosts stand. Not part of the directory's history: reports are not logged and make no revision. */
export function makeReports({ pool, prisma }: Database): Reports {
  return {
    async saveReports(reports) {
      // The last of a host and map counts. A host that was deleted while it reported is left out: nobody waits for it any more.
      const latest = new Map(reports.map((report) => [JSON.stringify([report.host, report.map]), report]))
      const rows = [...latest.values()].map(({ cursor, ...report }) => ({ ...report, ...cursor }))
      await pool.query(SAVE, [JSON.stringify(rows)])
    },

    async listReports({ host, map }) {
      const where = { ...(host !== undefined && { host }), ...(map !== undefined && { map }) }
      const rows = await prisma.hostReport.findMany({ where, orderBy: [{ host: 'asc' }, { map: 'asc' }] })
      return rows.map(toHostReport)
    },
  }
}

const SAVE = `insert into host_report (host, map, lineage, revision, nonce, root, level, failed_step, reason)
  select r.host, r.map, r.lineage, r.revision, r.nonce, r.root, r.level, r."failedStep", r.reason
  from jsonb_to_recordset($1::jsonb) as r (host text, map text, lineage integer, revision bigint, nonce text, root text,
    level report_level, "failedStep" text, reason text)
    join host h on h.name = r.host
  order by r.host, r.map
  on conflict (host, map) do update set lineage = excluded.lineage, revision = excluded.revision, nonce = excluded.nonce,
    root = excluded.root, level = excluded.level, failed_step = excluded.failed_step, reason = excluded.reason, reported_at = now()`
