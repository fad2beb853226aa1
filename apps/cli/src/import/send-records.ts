import { MAX_IMPORT_ITEMS, type ImportAnswer } from '@muster/contract'
import { ApiError, type Client } from '@muster/client'
import type { ImportRecord } from './import-record.js'
import { badLine, type BadLine } from './source-lines.js'

export interface ImportCounts {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
}

/** Called as records are done, of those that the pass has. */
export type Progress = (done: number, of: number) => void

/** The directory's verdicts, with nothing written: which records it would take, and the rest as bad lines. */
export async function tryRecords(
  client: Client,
  customerId: string,
  records: readonly ImportRecord[],
  progress: Progress,
): Promise<{ accepted: ImportRecord[]; bad: BadLine[]; counts: ImportCounts }> {
  const accepted: ImportRecord[] = []
  const bad: BadLine[] = []
  let counts = NONE
  for (const chunk of chunksOf(records)) {
    const answer = await client.imports.run({ customerId, dryRun: true, items: chunk.map(({ item }) => item) })
    for (const { index, verdict, code, detail } of answer.items) {
      const record = recordAt(chunk, index)
      if (verdict === 'refused') bad.push(badLine(record.place, code ?? 'refused', `${record.address}: ${detail ?? 'refused'}`).bad)
      else accepted.push(record)
    }
    counts = add(counts, answer)
    progress(accepted.length + bad.length, records.length)
  }
  return { accepted, bad, counts }
}

/** Some records are in the directory and some are not: each chunk was one transaction. Running the same import again completes it. */
export class ImportInterrupted extends Error {
  override readonly name = 'ImportInterrupted'
  constructor(
    readonly counts: ImportCounts,
    readonly revision: number | null,
    of: number,
    cause: unknown,
  ) {
    const done = counts.created + counts.updated + counts.unchanged
    super(`${done} of ${of} mailboxes are imported, then: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Writes the records, a thousand a transaction. `revision` is the last one made, null when nothing changed. */
export async function applyRecords(
  client: Client,
  customerId: string,
  records: readonly ImportRecord[],
  progress: Progress,
): Promise<{ counts: ImportCounts; revision: number | null }> {
  let counts = NONE
  let revision: number | null = null
  let done = 0
  for (const chunk of chunksOf(records)) {
    try {
      const answer = await client.imports.run({ customerId, items: chunk.map(({ item }) => item) })
      if (!answer.applied) throw refusalOf(answer)
      counts = add(counts, answer)
      revision = answer.revision ?? revision
    } catch (error) {
      throw new ImportInterrupted(counts, revision, records.length, error)
    }
    done += chunk.length
    progress(done, records.length)
  }
  return { counts, revision }
}

const NONE: ImportCounts = { created: 0, updated: 0, unchanged: 0 }

function add(counts: ImportCounts, answer: ImportAnswer): ImportCounts {
  return {
    created: counts.created + answer.created,
    updated: counts.updated + answer.updated,
    unchanged: counts.unchanged + answer.unchanged,
  }
}

/** The trial took these; somebody changed the directory since. */
function refusalOf(answer: ImportAnswer): ApiError {
  const refused = answer.items.find(({ verdict }) => verdict === 'refused')
  const detail = refused === undefined ? 'a chunk was not applied' : `${refused.address}: ${refused.detail ?? refused.code}`
  return new ApiError(200, refused?.code ?? 'refused', detail, null)
}

function recordAt(chunk: readonly ImportRecord[], index: number): ImportRecord {
  const record = chunk[index]
  if (record === undefined) throw new Error(`The API answered for item ${index} of ${chunk.length}.`)
  return record
}

function* chunksOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += MAX_IMPORT_ITEMS) yield items.slice(start, start + MAX_IMPORT_ITEMS)
}
