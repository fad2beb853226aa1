import { migrate } from '@muster/store'
import type { TestProject } from 'vitest/node'
import { TEMPLATE } from './postgres-template.js'
import { createDatabase, startTestPostgres } from './postgres.js'

/** One server for the whole run, without fsync, and in it one migrated database that testDatabase() copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres()
  try {
    const template = await createDatabase(server.url, TEMPLATE)
    await migrate({ databaseUrl: template.url })
    project.provide('postgresUrl', server.url)
  } catch (error) {
    await server.stop()
    throw error
  }
  return () => server.stop()
}
