import { writeFile } from 'node:fs/promises'
import { renderMusterReference } from './cli-reference.js'

/** `npm run reference -w @muster/cli`: writes the page from the commands. */
await writeFile(new URL('../../../docs/operations/muster.md', import.meta.url), renderMusterReference())
