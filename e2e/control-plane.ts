import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApiError, createClient, type Client } from '@muster/client'
import { runMuster, startMuster, until, type Answer, type MusterProcess } from './muster-process.js'

/** `muster serve` with a folder, a database and a port of its own. */
export interface ControlPlane {
  readonly url: string
  readonly client: Client
  readonly publishDir: string
  /** Runs a command of `muster` as the operator of this control plane. */
  run(...args: string[]): Promise<Answer>
  /** Resolves when what a revision changed is published. */
  published(revision: number): Promise<void>
  /** As Ctrl-C; answers the exit code. */
  stop(): Promise<number | NodeJS.Signals>
}

/** Cheap hashes, since no test here is about their strength, and snapshots as soon as they may be. */
const SETTINGS = { MUSTER_ARGON2_MEMORY_KIB: '64', MUSTER_ARGON2_PASSES: '1', MUSTER_BCRYPT_COST: '4', MUSTER_SNAPSHOT_SECONDS: '1' }

/** `port` 0: whichever is free. */
export async function startControlPlane(folder: string, port = 0): Promise<ControlPlane> {
  const dataDir = join(folder, 'var')
  const env = { ...SETTINGS, MUSTER_DATA_DIR: dataDir }
  const muster = startMuster({ args: ['serve', '--json'], cwd: folder, env: { ...env, MUSTER_PORT: String(port) } })
  const { url } = JSON.parse(await until(muster, () => (muster.stdout().includes('\n') ? muster.stdout() : null))) as { url: string }
  const key = readFileSync(join(dataDir, 'admin-key'), 'utf8').trim()
  const client = createClient({ baseUrl: url, key })
  return {
    url,
    client,
    publishDir: join(dataDir, 'publish'),
    run: (...args) => runMuster({ args, cwd: folder, env: { ...env, MUSTER_PORT: new URL(url).port } }),
    published: (revision) => waitForHead(muster, client, revision),
    stop: () => {
      muster.child.kill('SIGINT')
      return muster.exited
    },
  }
}

async function waitForHead(muster: MusterProcess, client: Client, revision: number): Promise<void> {
  await until(muster, async () => {
    const head = await client.publisher.fetchHead().catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'nothing_published') return null
      throw error
    })
    return Number(/^cursor \d+-(\d+)-/m.exec(head?.text ?? '')?.[1] ?? -1) >= revision
  })
}
