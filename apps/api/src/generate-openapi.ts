import { writeFile } from 'node:fs/promises'
import { renderOpenapi } from './render-openapi.js'

/** `npm run openapi -w @muster/api`: writes docs/openapi.json from the routes. */
await writeFile(new URL('../../../docs/openapi.json', import.meta.url), await renderOpenapi())
