import type { TestProject } from 'vitest/node'
import { TEMPLATE } from './postgres-template.js'
import { createDatabase, startTestPostgres } from './postgres.js'

/** One server for the whole run, without fsync, and in it one migrated database that testDatabase() copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres()
  const template = await createDatabase(server.url, TEMPLATE)
  const store: string = '@muster/store'
  const { migrate } = (await import(store).catch(() => ({}))) as { migrate?: (url: string) => Promise<unknown> }
  await migrate?.(template.url)
  project.provide('postgresUrl', server.url)
  return () => server.stop()
}
