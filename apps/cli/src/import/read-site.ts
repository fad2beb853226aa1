import type { Address } from '@muster/domain'
import type { ImportRecord } from './import-record.js'
import { refuseDuplicates } from './refuse-duplicates.js'
import { readName } from './read-name.js'
import { readPopmapLine, type PopmapRecord } from './read-popmap.js'
import { readUserdbLine, type UserdbOptions } from './read-userdb.js'
import { readSourceLines, type BadLine, type LineOutcome, type Place, type SourceLine } from './source-lines.js'

export interface SourceFile {
  readonly file: string
  readonly bytes: Buffer
}

/** What the files of a site say, each line by itself. */
export interface SiteRecords {
  readonly records: readonly ImportRecord[]
  readonly routes: readonly PopmapRecord[]
  readonly bad: readonly BadLine[]
  /** Addresses that a bad line begins with: nothing else is said or done about them. */
  readonly spoiled: ReadonlySet<Address>
}

export function readSite(userdb: readonly SourceFile[], popmap: readonly SourceFile[], options: UserdbOptions): SiteRecords {
  const accounts = readFiles(userdb, (line) => readUserdbLine(line, options), '\t', options.domain)
  const routes = readFiles(popmap, (line) => readPopmapLine(line, options.domain), ':', options.domain)
  return {
    records: accounts.unique,
    routes: routes.unique,
    bad: [...accounts.bad, ...routes.bad],
    spoiled: new Set([...accounts.spoiled, ...routes.spoiled]),
  }
}

interface Read<T> {
  readonly unique: T[]
  readonly bad: BadLine[]
  readonly spoiled: Set<Address>
}

function readFiles<T extends { place: Place; address: Address }>(
  files: readonly SourceFile[],
  readLine: (line: SourceLine) => LineOutcome<T>,
  separator: string,
  domain: string | null,
): Read<T> {
  const values: T[] = []
  const bad: BadLine[] = []
  const spoiled = new Set<Address>()
  for (const { file, bytes } of files) {
    for (const line of readSourceLines(file, bytes)) {
      const read = line.ok ? readLine(line.value) : line
      if (read.ok) values.push(read.value)
      else {
        bad.push(read.bad)
        const address = line.ok ? readName(line.value, line.value.text.split(separator, 1)[0] ?? '', domain) : line
        if (address.ok) spoiled.add(address.value)
      }
    }
  }
  const { unique, bad: duplicates } = refuseDuplicates(values)
  return { unique, bad: [...bad, ...duplicates], spoiled }
}
