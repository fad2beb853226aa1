import { Client } from 'pg'

/** What writers did, as they saw it themselves. */
export interface Tally {
  /** The keys logged by each transaction whose commit was acknowledged. */
  readonly committed: string[][]
  /** The same of those whose commit was asked for and never answered. */
  readonly inDoubt: string[][]
}

/** The same sequence for the same seed (Lehmer). */
export function sequence(seed: number): (below: number) => number {
  let state = seed % 2147483647 || 1
  return (below) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
}

/** Logs one row. */
export async function logRow(client: Client, key: string): Promise<void> {
  await client.query(
    `insert into change_log (kind, key, action, actor, request_id, after) values ('mailbox', $1, 'create', 'k', 'r', '{"mailstore": "ms1"}')`,
    [key],
  )
}

/**
 * One writer: transactions of rows, savepoints, rollbacks to them and releases, most of them committed, until `stopped` or until the
 * server is gone.
 */
export async function runWriter(url: string, name: number, stopped: () => boolean): Promise<Tally> {
  const tally: Tally = { committed: [], inDoubt: [] }
  const random = sequence(name + 1)
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined) // the server was killed
  await client.connect()
  let asked: string[] | null = null
  try {
    for (let n = 0; !stopped(); n += 1) {
      await client.query('begin')
      const kept = await runSteps(client, random, `${name}-${n}`)
      asked = random(5) > 0 ? kept : null
      await client.query(asked ? 'commit' : 'rollback')
      if (asked && asked.length > 0) tally.committed.push(asked)
      asked = null
    }
  } catch (error) {
    if (!isGone(error)) throw error
    if (asked && asked.length > 0) tally.inDoubt.push(asked)
  } finally {
    await client.end().catch(() => undefined)
  }
  return tally
}

/** A transaction's body; answers the keys that no rollback to a savepoint took away. The first row is often among those taken. */
async function runSteps(client: Client, random: (below: number) => number, name: string): Promise<string[]> {
  let kept: string[] = []
  const savepoints: string[][] = []
  for (let step = random(8) + 1; step > 0; step -= 1) {
    const what = random(6)
    if (what === 0) {
      await client.query(`savepoint s${savepoints.push([...kept])}`)
    } else if (what === 1 && savepoints.length > 0) {
      await client.query(`rollback to savepoint s${savepoints.length}`)
      kept = [...(savepoints.at(-1) ?? [])]
    } else if (what === 2 && savepoints.length > 0) {
      await client.query(`release savepoint s${savepoints.length}`)
      savepoints.pop()
    } else {
      const key = `${name}-${step}`
      await logRow(client, key)
      kept.push(key)
    }
  }
  return kept
}

export function isGone(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string }
  return (
    code === 'ECONNRESET' || code === 'ECONNREFUSED' || code?.startsWith('57P') === true || /terminated|not queryable|ended/.test(message)
  )
}

export interface Sighting {
  readonly revision: number
  readonly nonce: string
  readonly rows: number
}

/** Polls like a publisher, each time in one statement: head, and every revision after the last one seen, with its number of rows. */
export async function runReader(url: string, stopped: () => boolean): Promise<{ seen: Sighting[]; faults: string[] }> {
  const seen: Sighting[] = []
  const faults: string[] = []
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    for (let last = false; !last;) {
      last = stopped() // one more look after everybody has ended
      const after = seen.at(-1)?.revision ?? 0
      const { rows } = await client.query<{ head: number; seen: Sighting[] }>(POLL, [after])
      const { head, seen: fresh } = rows[0] as { head: number; seen: Sighting[] }
      fresh.forEach((sighting, i) => sighting.revision === after + i + 1 || faults.push(`${sighting.revision} seen after ${after + i}`))
      if (head !== after + fresh.length) faults.push(`the head is ${head}, with revisions up to ${after + fresh.length}`)
      seen.push(...fresh)
    }
  } catch (error) {
    if (!isGone(error)) throw error
  } finally {
    await client.end().catch(() => undefined)
  }
  return { seen, faults }
}

const POLL = `select (select revision::int from directory_head) as head, coalesce((
    select json_agg(json_build_object('revision', r.revision, 'nonce', r.nonce, 'rows',
      (select count(*) from change_log c where c.change_set = r.change_set)) order by r.revision)
    from revision r where r.revision > $1), '[]') as seen`

/** What must hold of any database at rest; answers each thing that does not. */
export async function faultsOf(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const faults: string[] = []
    for (const [what, sql] of Object.entries(FAULTS)) {
      const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from (${sql}) as fault`)
      if (rows[0]?.n !== 0) faults.push(`${rows[0]?.n} ${what}`)
    }
    return faults
  } finally {
    await client.end()
  }
}

const FAULTS = {
  'gaps in the revisions': `select from generate_series(0, (select max(revision) from revision)) as n where not exists (select from revision where revision = n)`,
  'heads that are not the newest revision': `select from directory_head h where not exists (
    select from revision r where r.revision = h.revision and r.nonce = h.nonce and r.lineage = h.lineage
      and r.revision = (select max(revision) from revision))`,
  'logged rows without a revision': `select from change_log c where not exists (select from revision r where r.change_set = c.change_set)`,
  'revisions without a logged row': `select from revision r where r.revision > 0 and not exists (select from change_log c where c.change_set = r.change_set)`,
  'change sets that do not begin with their one first row': `select change_set from change_log group by change_set
    having count(*) filter (where first) <> 1 or min(id) <> min(id) filter (where first)`,
}

/** The keys of each change set, joined, for comparison with a tally. */
export async function changeSets(url: string): Promise<Set<string>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ keys: string }>(
      `select string_agg(key, ' ' order by id) as keys from change_log group by change_set`,
    )
    return new Set(rows.map((row) => row.keys))
  } finally {
    await client.end()
  }
}
