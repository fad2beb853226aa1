import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

export interface BundledScript {
  readonly file: string
  remove(): Promise<void>
}

const modules = join(dirname(createRequire(import.meta.url).resolve('rolldown/package.json')), '..')

/**
 * Makes one script that plain `node` runs out of a TypeScript file and all of this repository it imports, from the sources: for tests
 * that SIGKILL a real process at a step of its work. `script` is a URL such as `new URL('./crash-child.fixture.ts', import.meta.url)`.
 * What comes from npm is imported as ever, so the script lies in a folder of its own inside node_modules.
 */
export async function bundleScript(script: URL): Promise<BundledScript> {
  const bundle = await rolldown({
    input: fileURLToPath(script),
    platform: 'node',
    resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
    external: (id) => !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('@muster/'),
  })
  const folder = await mkdtemp(join(modules, '.muster-test-'))
  const file = join(folder, 'script.mjs')
  try {
    await bundle.write({ file, format: 'esm', codeSplitting: false })
  } finally {
    await bundle.close()
  }
  return { file, remove: () => rm(folder, { recursive: true, force: true }) }
}
