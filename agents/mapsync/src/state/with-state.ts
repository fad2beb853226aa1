import { CliFailure, DataFolderBusy, lockDataFolder, type DataLock } from '@muster/runtime'
import { EXIT_CODES } from '../exit-codes.js'
import { makeStateDir, readState, type AgentState } from './state.js'

/** Runs alone on a state folder: a second sync, rollback or verify there is refused, and the kernel lets go of the lock of a killed one. */
export async function withState<T>(stateDir: string, use: (state: AgentState) => Promise<T>): Promise<T> {
  makeStateDir(stateDir)
  const lock = await takeLock(stateDir)
  try {
    return await use(await readState(stateDir))
  } finally {
    await lock.stop()
  }
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
