/** A publisher that kills itself at a step: `node script.mjs DATABASE_URL PUBLISH_DIR KEY_FILE STEP TIMES`. crash.pg.test.ts bundles and runs it. */
import { loadSigningKey, startPublisher } from './index.js'
import { silent } from './publisher.fixture.js'
import { openStore } from '@muster/store'

const [databaseUrl = '', publishDir = '', keyFile = '', step = '', times = '1'] = process.argv.slice(2)
let left = Number(times)
const store = await openStore({ databaseUrl })
const publisher = await startPublisher({
  feed: store.feed,
  publishDir,
  signingKey: await loadSigningKey(keyFile, keyFile),
  log: silent,
  verifyIntervalMs: null,
  // Everything is pruned that may be: more steps to be killed at.
  snapshots: { keep: 1, keepMs: 0 },
  snapshotIntervalMs: 0,
  clock: { now: () => Date.now() + 60_000 },
  at: (here) => {
    if (here === step && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
await publisher.kick()
process.stdout.write(`${publisher.state().phase}\n`)
await publisher.stop()
await store.close()
