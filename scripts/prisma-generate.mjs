// Makes Prisma's client in packages/store/src/generated from prisma/schema.prisma, without the network, and only when the schema, the
// configuration or Prisma itself changed. Run by the build of packages/store; `node scripts/prisma-generate.mjs` by hand.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const output = join(root, 'packages', 'store', 'src', 'generated')
const stamp = join(output, '.made-from')

const prisma = createRequire(import.meta.url).resolve('prisma/package.json')
const inputs = [join(root, 'prisma', 'schema.prisma'), join(root, 'prisma.config.ts'), prisma]
const hash = createHash('sha256')
for (const file of inputs) hash.update(readFileSync(file))
const wanted = hash.digest('hex')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) generate()

/**
 * `prisma generate` asks for a schema engine, a binary that it would download, and never runs it. So it is given a stand-in, which says
 * why when something does run it: one that ended well without a word would let `prisma migrate` report success and create nothing.
 */
function generate() {
  const folder = mkdtempSync(join(tmpdir(), 'muster-prisma-'))
  try {
    const engine = join(folder, 'schema-engine')
    writeFileSync(
      engine,
      '#!/bin/sh\necho "prisma generate runs without a schema engine; migrations are applied by Muster itself" >&2\nexit 1\n',
    )
    chmodSync(engine, 0o755)
    rmSync(output, { recursive: true, force: true })
    const result = spawnSync(process.execPath, [join(dirname(prisma), 'build', 'index.js'), 'generate'], {
      cwd: root,
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
      encoding: 'utf8',
    })
    if (result.status !== 0) {
      process.stderr.write(`${result.stdout}${result.stderr}prisma generate failed\n`)
      process.exit(1)
    }
    writeFileSync(`${stamp}.new`, wanted)
    renameSync(`${stamp}.new`, stamp)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
