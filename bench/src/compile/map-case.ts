import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MapRef } from '@muster/domain'
import type { TargetConfig } from '@muster/mapsync'
import { MissingToolError } from '../frame/benchmark.js'
import type { Program } from '../tools/timed-program.js'

/** One map, how the agent compiles it, and the daemon's own tool for the same. */
export interface MapCase {
  readonly ref: MapRef
  readonly target: TargetConfig['target']
  readonly tool: 'makegdbm' | 'makeuserdb'
  /** The tool on a text file, in a folder of its own. */
  program(text: string): Program
  /** The databases that stand beside the text afterwards, and beside a target's path, as their names end. */
  readonly toolFiles: readonly string[]
  readonly ourFiles: readonly string[]
}

export const mapCases: readonly MapCase[] = [
  {
    ref: { kind: 'popmap', mailstore: null },
    target: 'gdbm',
    tool: 'makegdbm',
    program: (text) => ({ file: pathOf('makegdbm'), args: [`${text}.db`], input: text }),
    toolFiles: ['.db'],
    ourFiles: [''],
  },
  {
    ref: { kind: 'userdb', mailstore: null },
    target: 'userdb',
    tool: 'makeuserdb',
    program: (text) => ({ file: pathOf('makeuserdb'), args: ['-f', text] }),
    toolFiles: ['.dat', 'shadow.dat'],
    ourFiles: ['.dat', 'shadow.dat'],
  },
]

const PLACES = {
  makegdbm: { path: '/usr/bin/makegdbm', package: 'perdition' },
  makeuserdb: { path: '/usr/sbin/makeuserdb', package: 'courier-authlib-userdb' },
} as const

/** Throws a MissingToolError that names the Debian package. */
export function pathOf(tool: MapCase['tool']): string {
  const place = PLACES[tool]
  if (!existsSync(place.path)) throw new MissingToolError(`There is no ${tool} (Debian package ${place.package}).`)
  return place.path
}

export function targetConfig(map: MapCase, folder: string): TargetConfig {
  const { ref, target } = map
  const path = join(folder, target === 'gdbm' ? 'popmap.db' : 'userdb')
  return { map: ref.kind, ref, target, path, owner: null, group: null, mode: 0o644, shadowMode: 0o600 }
}
