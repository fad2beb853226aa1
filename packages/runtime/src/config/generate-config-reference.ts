import { writeFile } from 'node:fs/promises'
import { renderConfigReference } from './render-config-reference.js'

/** `npm run reference -w @muster/runtime`: writes the page from the variables. */
await writeFile(new URL('../../../../docs/operations/configuration.md', import.meta.url), renderConfigReference())
