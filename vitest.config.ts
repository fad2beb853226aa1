import { defineConfig } from 'vitest/config'

/** A test's suffix says what it needs: `.test` nothing, `.pg.test` PostgreSQL, `.host.test` mail daemons, `.e2e.test` the whole. */
const sources = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }
const roots = '{packages,apps,agents,bench}/**/src/**'

export default defineConfig({
  test: {
    projects: [
      {
        ...sources,
        test: { name: 'unit', include: [`${roots}/*.test.ts`], exclude: ['**/node_modules/**', '**/*.{pg,host,e2e}.test.ts'] },
      },
      {
        ...sources,
        test: {
          name: 'pg',
          include: [`${roots}/*.pg.test.ts`],
          globalSetup: ['packages/testkit/src/vitest-postgres.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...sources,
        test: { name: 'host', include: [`${roots}/*.host.test.ts`], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
      },
      {
        ...sources,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.test.ts'],
          globalSetup: ['packages/testkit/src/vitest-postgres.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
