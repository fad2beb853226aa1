import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { mapName } from '@muster/domain'
import { GdbmFile } from '@muster/mapsync'
import { forkProcess, type ForkOptions } from '../tools/forked.js'
import type { Program } from '../tools/timed-program.js'
import type { CompileOrder, CompileReport } from './compile-process.js'
import { targetConfig, type MapCase } from './map-case.js'
import type { PublishOrder, PublishReport } from './publish-process.js'

export interface CompileRound {
  readonly publish: PublishReport
  readonly compile: CompileReport
  /** What the tool took: seconds, or bytes, as `costOf` says. */
  readonly toolCost: number
}

/** One map, once: ours from rows to compiled files, then the tool on the text of the very tree that ours was compiled from. */
export async function runCompileRound(
  map: MapCase,
  rowFile: string,
  folder: string,
  costOf: (program: Program) => Promise<number>,
  options: ForkOptions,
): Promise<CompileRound> {
  await rm(folder, { recursive: true, force: true })
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const dir of [ours, theirs]) await mkdir(dir, { recursive: true, mode: 0o700 })
  const publish = await once<PublishOrder, PublishReport>('publish-process.js', { ref: map.ref, rowFile, folder }, options)
  const target = targetConfig(map, ours)
  const compile = await once<CompileOrder, CompileReport>(
    'compile-process.js',
    { ref: map.ref, folder, publicKey: publish.publicKey, target },
    options,
  )
  const text = join(theirs, map.ref.kind)
  await joinShards(join(folder, mapName(map.ref), 'shards'), text)
  const toolCost = await costOf(map.program(text))
  compareCounts(
    map.ourFiles.map((end) => `${target.path}${end}`),
    map.toolFiles.map((end) => `${text}${end}`),
  )
  return { publish, compile, toolCost }
}

/** One order to a fresh process of a module; its name is relative to this folder. */
export async function once<Order extends object, Report>(module: string, order: Order, options: ForkOptions): Promise<Report> {
  const child = forkProcess<Order, Report>(new URL(module, import.meta.url), options)
  try {
    return await child.ask(order)
  } finally {
    await child.stop()
  }
}

/** The whole text of a tree. makeuserdb refuses a file that others may read. */
export async function joinShards(shards: string, text: string): Promise<void> {
  const out = createWriteStream(text, { mode: 0o600 })
  for (const name of (await readdir(shards)).sort()) out.write(await readFile(join(shards, name)))
  out.end()
  await finished(out)
}

/** A tool that made something else is no yardstick. That entries agree one by one is for the agent's own tests to show. */
function compareCounts(ours: readonly string[], theirs: readonly string[]): void {
  const [mine, other] = [ours.map(countEntries), theirs.map(countEntries)]
  if (mine.join() !== other.join())
    throw new Error(`Compiled files differ: ${mine.join(' and ')} entries, the tool made ${other.join(' and ')}.`)
}

function countEntries(path: string): number {
  const file = GdbmFile.openReader(path)
  try {
    return file.count()
  } finally {
    file.close()
  }
}
