import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliFailure, EXIT } from '@muster/runtime'
import type { SourceFile } from './read-site.js'

/**
 * A file, or all files of a folder as makeuserdb(8) takes them: folders below it too, and nothing whose name begins with a dot. In the
 * order of their names, where makeuserdb has none, so that "is there already" points the same way each time.
 */
export async function readSourceFiles(path: string): Promise<SourceFile[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ file: path, bytes: await readFile(path) }]
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort()
    const nested = await Promise.all(names.map((name) => readSourceFiles(join(path, name))))
    return nested.flat()
  } catch (error) {
    if (error instanceof CliFailure) throw error
    throw new CliFailure(EXIT.refused, 'file_unreadable', `${path} cannot be read: ${(error as Error).message}`)
  }
}
