/** What can be wrong with a tree. Stable: `muster-agent verify` and the publisher's state print them, and scripts match on them. */
export type TreeFaultCode =
  | 'syntax'
  | 'signature_missing'
  | 'signature_key_unknown'
  | 'signature_bad'
  | 'manifest_missing'
  | 'manifest_of_another_map'
  | 'shard_missing'
  | 'shard_bytes'
  | 'shard_sha256'
  | 'shard_entries'
  | 'file_unexpected'
  | 'delta_out_of_place'
  | 'delta_root'

/** One thing wrong, said precisely enough to find it: which file, which line, what should be there and what is. Never a whole line. */
export interface TreeFault {
  readonly code: TreeFaultCode
  readonly file: string
  /** Counted from 1. */
  readonly line?: number
  readonly expected: string
  readonly found: string
}

export function renderFault(fault: TreeFault): string {
  const where = fault.line === undefined ? fault.file : `${fault.file}:${fault.line}`
  return `${where}: ${fault.code}: expected ${fault.expected}, found ${fault.found}`
}

/** A tree, manifest, HEAD or delta is not what it must be: damaged, tampered with, or written by something else. */
export class TreeError extends Error {
  override readonly name = 'TreeError'
  constructor(readonly fault: TreeFault) {
    super(renderFault(fault))
  }
}
