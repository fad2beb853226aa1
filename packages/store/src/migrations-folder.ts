import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Migration {
  /** The folder's name, `<time>_<what>`: migrations are applied in its order. */
  readonly name: string
  readonly file: string
  readonly sql: string
  /** SHA-256 of the file, hex, as Prisma keeps it. */
  readonly checksum: string
}

/** prisma/migrations lies at the root of the repository: found upwards, from src/ as from dist/. */
export function findMigrationsFolder(from: string = dirname(fileURLToPath(import.meta.url))): string {
  const folder = join(from, 'prisma', 'migrations')
  if (existsSync(folder)) return folder
  const above = dirname(from)
  if (above === from) throw new Error('prisma/migrations was not found in any folder above packages/store')
  return findMigrationsFolder(above)
}

export async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((e) => e.isDirectory()).map((e) => e.name)
  return Promise.all(
    names.sort().map(async (name) => {
      const file = join(folder, name, 'migration.sql')
      const bytes = await readFile(file)
      return { name, file, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') }
    }),
  )
}
