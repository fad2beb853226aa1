import { ApiError, ConnectionError } from '@muster/client'
import { TreeError } from '@muster/maptree'
import type { FaultCode } from './exit-codes.js'
import { GdbmError } from './gdbm/gdbm-file.js'
import { LibGdbmMissing } from './gdbm/libgdbm.js'

/** Where a sync stood when it failed; what a report calls `failedStep`. */
export type StepName = 'boot' | 'pull' | 'stage' | 'compile' | 'probe' | 'swap' | 'check' | 'report'

/** A sync of one map ended here. The message goes into state.json and the report, so it never holds a line of a map. */
export class AgentFault extends Error {
  override readonly name = 'AgentFault'
  constructor(
    readonly step: StepName,
    readonly code: FaultCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

const CODE_OF_STEP: Record<StepName, FaultCode> = {
  boot: 'failed',
  pull: 'source_unreachable',
  stage: 'stage_failed',
  compile: 'compile_failed',
  probe: 'probe_failed',
  swap: 'swap_failed',
  check: 'differs',
  report: 'report_failed',
}

/** Says of any error which refusal it is and in which step it came. */
export function toFault(error: unknown, step: StepName): AgentFault {
  if (error instanceof AgentFault) return error
  const message = error instanceof Error ? error.message : String(error)
  return new AgentFault(step, codeOf(error) ?? CODE_OF_STEP[step], message, { cause: error })
}

function codeOf(error: unknown): FaultCode | null {
  if (error instanceof TreeError) return error.fault.code.startsWith('signature_') ? 'signature' : 'hash'
  if (error instanceof LibGdbmMissing) return 'library_missing'
  if (error instanceof ApiError) return error.status === 401 || error.status === 403 ? 'refused' : 'source_unreachable'
  if (error instanceof ConnectionError) return 'source_unreachable'
  return isDiskFull(error) ? 'disk_full' : null
}

export function isDiskFull(error: unknown): boolean {
  const code = error instanceof GdbmError ? error.code : error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** Runs one step; whatever it throws becomes a fault of that step. */
export async function inStep<T>(step: StepName, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw toFault(error, step)
  }
}
