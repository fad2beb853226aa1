import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockDataFolder } from '@muster/runtime'
import { Publication, type PublicationSettings } from './publication.js'
import { SCRATCH, writePublicKey } from './published-folder.js'
import type { Publisher, PublisherOptions } from './publisher.js'
import { RunningPublisher } from './running-publisher.js'

/**
 * Starts the publisher of a directory: it brings the publish folder to the head of the directory and keeps it there. Rejects when another
 * process writes that folder. A pass that fails (database away, disk full) is told in state() and the log, and tried again.
 */
export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
  const stopping = new AbortController()
  const settings = settingsOf(options, stopping.signal)
  await mkdir(settings.publishDir, { recursive: true, mode: 0o750 })
  const lock = await lockDataFolder(settings.publishDir)
  try {
    await rm(join(settings.publishDir, SCRATCH), { recursive: true, force: true })
    await writePublicKey(settings.publishDir, settings.signingKey, settings.log)
    const publication = await Publication.open(settings)
    return new RunningPublisher(options, publication, stopping, () => lock.stop())
  } catch (error) {
    await lock.stop()
    throw error
  }
}

function settingsOf(options: PublisherOptions, stopping: AbortSignal): PublicationSettings {
  return {
    publishDir: options.publishDir,
    signingKey: options.signingKey,
    log: options.log,
    clock: options.clock ?? Date,
    snapshotIntervalMs: options.snapshotIntervalMs ?? 5_000,
    headIntervalMs: options.headIntervalMs ?? 60_000,
    changeLimit: options.changeLimit ?? 10_000,
    deltaLimit: options.deltaLimit ?? 10_000,
    deltas: options.deltas ?? { keep: 200, keepBytes: 64 * 1024 * 1024, slack: 50 },
    snapshots: options.snapshots ?? { keep: 4, keepMs: 120_000 },
    at: options.at ?? (() => {}),
    stopping,
  }
}
