// `npm run bench`: measurements, from a clean clone as from a built one. Arguments go to bench/src/main.ts.
// Plain JavaScript without dependencies: it runs before anything is installed.
import { join } from 'node:path'
import { build, installDependencies, requireNode, root } from './prepare.mjs'

requireNode()
installDependencies()
build()
await import(join(root, 'bench', 'dist', 'main.js'))
