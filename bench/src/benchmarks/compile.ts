import { join } from 'node:path'
import { mapCases, pathOf, type MapCase } from '../compile/map-case.js'
import { runCompileRound, type CompileRound } from '../compile/compile-round.js'
import type { Benchmark, BenchContext, Measured } from '../frame/benchmark.js'
import { writeRowFile } from '../site/row-file.js'
import { makeSite } from '../site/site.js'
import { peakMemoryOfProgram, timeProgram } from '../tools/timed-program.js'

const MAILBOXES = { smoke: 2_000, full: 100_000 } as const

/** Each round makes everything anew in fresh processes: an agent that cron starts is as cold as makegdbm. */
export const compile: Benchmark = {
  name: 'compile',
  summary: 'popmap and userdb from rows to compiled files, beside makegdbm and makeuserdb on the same text',
  async run(context) {
    for (const map of mapCases) pathOf(map.tool)
    await writeRowFile(rowFileOf(context), makeSite({ mailboxes: MAILBOXES[context.size] }))
    // The first round of each brings programs into memory and asks for the tool's memory; the others are timed, in turn.
    const peaks = new Map<MapCase, number>()
    for (const map of mapCases) peaks.set(map, (await round(map, context, peakMemoryOfProgram)).toolCost)
    const rounds = new Map(mapCases.map((map) => [map, [] as CompileRound[]]))
    for (let run = 1; run <= context.runs; run++) {
      for (const map of mapCases) rounds.get(map)?.push(await round(map, context, timeProgram))
      context.say(`round ${run} of ${context.runs}`)
    }
    return mapCases.flatMap((map) => toMeasured(map, rounds.get(map) ?? [], peaks.get(map) ?? 0))
  },
}

function round(map: MapCase, context: BenchContext, costOf: typeof timeProgram): Promise<CompileRound> {
  const { folder, profileFolder } = context
  return runCompileRound(map, rowFileOf(context), join(folder, 'round'), costOf, { profileFolder })
}

function rowFileOf({ folder }: BenchContext): string {
  return join(folder, 'rows')
}

function toMeasured({ ref: { kind }, tool }: MapCase, rounds: readonly CompileRound[], toolPeakBytes: number): Measured[] {
  const of = (pick: (round: CompileRound) => number) => rounds.map(pick)
  const megabytes = (bytes: number) => bytes / 1e6
  const seconds = 's' as const
  return [
    { id: `${kind}: render`, unit: seconds, samples: of((r) => r.publish.renderSeconds) },
    { id: `${kind}: tree write`, unit: seconds, samples: of((r) => r.publish.treeSeconds) },
    { id: `${kind}: compile`, unit: seconds, samples: of((r) => r.compile.seconds), against: tool },
    {
      id: `${kind}: rows to compiled`,
      unit: seconds,
      samples: of(({ publish, compile: { seconds: s } }) => publish.renderSeconds + publish.treeSeconds + s),
      against: tool,
    },
    { id: tool, unit: seconds, samples: of((r) => r.toolCost) },
    {
      id: `${kind}: peak memory, render and tree`,
      unit: 'MB',
      samples: of((r) => megabytes(r.publish.peakBytes)),
      against: `${tool}: peak memory`,
    },
    {
      id: `${kind}: peak memory, compile`,
      unit: 'MB',
      samples: of((r) => megabytes(r.compile.peakBytes)),
      against: `${tool}: peak memory`,
    },
    { id: `${tool}: peak memory`, unit: 'MB', samples: [megabytes(toolPeakBytes)] },
    { id: `${kind}: text`, unit: 'MB', samples: of((r) => megabytes(r.publish.textBytes)) },
  ]
}
