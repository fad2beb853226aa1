import { rename } from 'node:fs/promises'
import { CliFailure, DataFolderBusy, lockDataFolder, type DataLock } from '@muster/runtime'
import { EXIT_CODES } from '../exit-codes.js'
import { isDamaged, makeStateDir, readState, stateFile, type AgentState } from './state.js'

/** Runs alone on a state folder: a second sync, rollback or verify there is refused, and the kernel lets go of the lock of a killed one. */
export async function withState<T>(stateDir: string, use: (state: AgentState) => Promise<T>): Promise<T> {
  makeStateDir(stateDir)
  const lock = await takeLock(stateDir)
  try {
    if (await isDamaged(stateDir)) await setAside(stateFile(stateDir))
    return await use(await readState(stateDir))
  } finally {
    await lock.stop()
  }
}

/** A host must not stop for a damaged file that can be made again; what was in it stays for whoever wants to know why. */
async function setAside(file: string): Promise<void> {
  await rename(file, `${file}.damaged`)
  process.stderr.write(
    `${file} was damaged and is now ${file}.damaged; the agent begins anew from its trees. A map that was pinned by a rollback is not pinned any more.\n`,
  )
}

async function takeLock(stateDir: string): Promise<DataLock> {
  try {
    return await lockDataFolder(stateDir)
  } catch (error) {
    if (!(error instanceof DataFolderBusy)) throw error
    const holder = error.holder === null ? '' : ` (process ${error.holder})`
    throw new CliFailure(
      EXIT_CODES.locked,
      'locked',
      `Another muster-agent works in ${stateDir}${holder}.`,
      'It will be done soon; nothing is lost by waiting.',
    )
  }
}
