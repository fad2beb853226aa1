import { afterAll, inject } from 'vitest'
import { createDatabase, databaseName } from './postgres.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server that the run's global setup started; holds a password. */
    postgresUrl: string
  }
}

/** The migrated database that each test file copies. */
export const TEMPLATE = 'muster_template'

/**
 * A migrated database of this test file's own, dropped when the file ends. Call it at the top of the file, outside of any hook:
 *
 *     const { url } = await testDatabase()
 */
export async function testDatabase(options: { migrated?: boolean } = {}): Promise<{ readonly url: string }> {
  const template = options.migrated === false ? undefined : TEMPLATE
  const database = await createDatabase(inject('postgresUrl'), databaseName(), template)
  afterAll(() => database.drop())
  return { url: database.url }
}
