import { defineConfig } from 'prisma/config'

/** For Prisma's own command line. Muster applies its migrations itself: `migrate()` of packages/store. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // `generate`, `validate` and `format` need no database; `migrate deploy` and `status` do.
  datasource: { url: process.env['MUSTER_DATABASE_URL'] ?? '' },
})
