import type { Pool } from 'pg'

/** How many mailboxes each mailstore holds, near enough to place the next one. */
export interface MailboxCounts {
  /** By mailstore; one that holds none is absent. */
  read(): Promise<ReadonlyMap<string, number>>
  /** Tells of mailboxes this process has just committed. */
  add(mailstore: string, mailboxes: number): void
}

const SHORTEST_AGE_MS = 5_000
/** Counting takes at most this share of one connection's time. */
const SHARE = 0.02

/**
 * Placement needs to know which mailstore is emptiest, not by how many. A counter row a mailstore would be exact, and would make every
 * create on one mailstore wait for the one before until its commit is on disk; a count(*) a create takes up to 1.5 s at a million rows
 * (measured, busy machine). So the counts are kept in memory: counted anew every five seconds or more rarely (a count that takes 1 s is repeated after
 * 50 s), in the background, while the old ones serve; between, each process adds what it creates itself. Several processes are apart
 * by what they created within one age, which evens out, as all of them then see the same.
 */
export function startMailboxCounts(pool: Pool, nowMs: () => number = () => performance.now()): MailboxCounts {
  let counts: Map<string, number> | null = null
  let counting: Promise<void> | null = null
  let staleAtMs = 0

  async function count(): Promise<void> {
    const startedMs = nowMs()
    const { rows } = await pool.query<{ mailstore: string; n: number }>(
      'select mailstore, count(*)::int as n from mailbox group by mailstore',
    )
    const endedMs = nowMs()
    counts = new Map(rows.map((row) => [row.mailstore, row.n]))
    staleAtMs = endedMs + Math.max(SHORTEST_AGE_MS, (endedMs - startedMs) / SHARE)
  }
  const refresh = () => (counting ??= count().finally(() => (counting = null)))

  return {
    async read() {
      if (counts === null) await refresh()
      // A failure leaves the old counts; the create that asks meets the same broken database itself, and tells of it.
      else if (nowMs() >= staleAtMs) refresh().catch(() => undefined)
      return counts ?? new Map<string, number>()
    },
    add(mailstore, mailboxes) {
      counts?.set(mailstore, (counts.get(mailstore) ?? 0) + mailboxes)
    },
  }
}
