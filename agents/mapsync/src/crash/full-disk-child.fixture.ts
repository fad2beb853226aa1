import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configFor, testWorld } from '../agent.fixture.js'
import { makePublishedFolder, linesOf, passwdLine, popmapLine, userdbLine } from '../published.fixture.js'
import { sync, type SyncResult } from '../steps/sync.js'

/**
 * Runs in a mount namespace where `folder` is a file system of a few megabytes. Compiles small maps, fills the disk but for `leftKb`, and
 * then compiles maps that do not fit. Prints what each round came to, for the parent to judge. Arguments: folder, work folder, leftKb.
 */
const [folder = '', work = '', leftKb = '0'] = process.argv.slice(2)
const published = makePublishedFolder(join(work, 'publish'))
// The state lies elsewhere: it is the folder of the compiled files that is full.
const config = configFor(folder, published, ['popmap', 'userdb', 'text'], { stateDir: join(work, 'state') })
const maps = (count: number) => ({
  popmap: linesOf(count, popmapLine),
  'userdb@ms1': linesOf(count, (n) => userdbLine(n)),
  'dovecot-passwd@ms1': linesOf(count, (n) => passwdLine(n)),
})

async function round(count: number, revision: number): Promise<SyncResult> {
  await published.publish(maps(count), { revision })
  return sync(config, testWorld(), { force: ['disk', 'shrunk', 'backoff'] })
}

const outcomes = [await round(50, 1)]
fill(join(folder, 'filler'), Number(leftKb) * 1024)
outcomes.push(await round(20_000, 2))
outcomes.push(await round(60, 3))
process.stdout.write(
  JSON.stringify(
    outcomes.map(({ maps: found }) => found.map((map) => ({ map: map.map, code: map.fault?.code ?? null, entries: map.applied?.entries }))),
  ),
)

/** Takes all room but so many bytes. */
function fill(file: string, leaveBytes: number): void {
  const chunk = Buffer.alloc(4096)
  for (;;) {
    try {
      writeFileSync(file, chunk, { flag: 'a' })
    } catch {
      break
    }
  }
  execFileSync('truncate', ['-s', `-${leaveBytes}`, file])
}
