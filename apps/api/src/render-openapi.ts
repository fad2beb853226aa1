import type { Directory } from '@muster/domain'
import Fastify from 'fastify'
import { buildApi } from './app.js'

/** The OpenAPI document as docs/openapi.json holds it. Same routes, same bytes: it knows no host, no port and no date. */
export async function renderOpenapi(): Promise<string> {
  const app = await buildApi({
    // Routes are only described, never run.
    directory: {} as Directory,
    config: { hashing: { argon2: { memoryKib: 64, passes: 1, lanes: 1 }, bcryptCost: 4, queueLength: 1 } },
    log: Fastify({ logger: false }).log,
  })
  try {
    return `${JSON.stringify(app.swagger(), null, 2)}\n`
  } finally {
    await app.close()
  }
}
