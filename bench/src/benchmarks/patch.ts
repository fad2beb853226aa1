import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { mapName } from '@muster/domain'
import { joinShards, once } from '../compile/compile-round.js'
import type { CompileOrder, CompileReport } from '../compile/compile-process.js'
import { mapCases, pathOf, targetConfig, type MapCase } from '../compile/map-case.js'
import type { PublishOrder, PublishReport } from '../compile/publish-process.js'
import type { Benchmark, BenchContext, Measured } from '../frame/benchmark.js'
import type { PatchOrder, PatchReport } from '../patch/patch-process.js'
import { writeRowFile } from '../site/row-file.js'
import { makeSite } from '../site/site.js'
import { timeProgram } from '../tools/timed-program.js'

const MAILBOXES = { smoke: 10_000, full: 1_000_000 } as const
const CHANGED_KEYS = [1, 100] as const
/** One changed key costs a clone of the file; makegdbm makes all of it anew. */
const TARGET = { of: 'ratio', is: 'at most', bound: 1 / 25 } as const

/** Each patch in a fresh process, on the file that the one before left; makegdbm on the text of the tree that the file was compiled from. */
export const patch: Benchmark = {
  name: 'patch',
  summary: 'a few changed keys patched into a clone of a large popmap and put in place, beside makegdbm on the whole text',
  async run(context) {
    const map = mapCases.find(({ tool }) => tool === 'makegdbm') as MapCase
    pathOf(map.tool)
    const site = await prepare(map, context)
    // The first round brings programs and files into memory.
    await round(map, site, 0, context)
    const rounds: Round[] = []
    for (let run = 1; run <= context.runs; run++) {
      rounds.push(await round(map, site, run, context))
      context.say(`round ${run} of ${context.runs}`)
    }
    return [
      ...CHANGED_KEYS.map((keys, i): Measured => {
        const samples = rounds.map(({ patches }) => patches[i] as number)
        return { id: `patch (${keys})`, unit: 's', samples, against: 'makegdbm', target: TARGET }
      }),
      { id: 'makegdbm', unit: 's', samples: rounds.map(({ tool }) => tool) },
    ]
  },
}

interface PatchSite {
  readonly order: Omit<PatchOrder, 'keys' | 'entry'>
  readonly text: string
}

async function prepare(map: MapCase, { folder, size, profileFolder, say }: BenchContext): Promise<PatchSite> {
  const rowFile = join(folder, 'rows')
  say(`compiling a popmap of ${MAILBOXES[size].toLocaleString('en-US')} mailboxes`)
  await writeRowFile(rowFile, makeSite({ mailboxes: MAILBOXES[size] }))
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const dir of [ours, theirs]) await mkdir(dir, { mode: 0o700 })
  const options = { profileFolder }
  const { publicKey } = await once<PublishOrder, PublishReport>('publish-process.js', { ref: map.ref, rowFile, folder }, options)
  const order = { ref: map.ref, folder, publicKey, target: targetConfig(map, ours) }
  await once<CompileOrder, CompileReport>('compile-process.js', order, options)
  const text = join(theirs, map.ref.kind)
  await joinShards(join(folder, mapName(map.ref), 'shards'), text)
  return { order, text }
}

interface Round {
  /** Seconds, for each of CHANGED_KEYS. */
  readonly patches: readonly number[]
  readonly tool: number
}

async function round(map: MapCase, { order, text }: PatchSite, run: number, { profileFolder }: BenchContext): Promise<Round> {
  const patches: number[] = []
  for (const [i, keys] of CHANGED_KEYS.entries()) {
    const entry = run * CHANGED_KEYS.length + i
    const { seconds } = await once<PatchOrder, PatchReport>('../patch/patch-process.js', { ...order, keys, entry }, { profileFolder })
    patches.push(seconds)
  }
  return { patches, tool: await timeProgram(map.program(text)) }
}
