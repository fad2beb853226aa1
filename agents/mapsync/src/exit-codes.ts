import { EXIT } from '@muster/runtime'

/**
 * What can go wrong on a host, each with its own exit code: a cron job, a monitor and a script match on the number, `state.json`, `--json`
 * and the report carry the name. Numbers never change their meaning. Up to 9 they are shared with `muster`.
 */
export const EXIT_CODES = {
  ok: EXIT.ok,
  failed: EXIT.failed,
  usage: EXIT.usage,
  refused: EXIT.refused,
  source_unreachable: EXIT.unreachable,
  config_invalid: EXIT.config,
  locked: EXIT.busy,
  report_failed: 10,
  empty: 11,
  shrunk: 12,
  signature: 13,
  hash: 14,
  disk_full: 15,
  older: 16,
  source_insecure: 17,
  not_published: 18,
  compile_failed: 19,
  probe_failed: 20,
  swap_failed: 21,
  stage_failed: 22,
  backing_off: 23,
  differs: 24,
  advice: 25,
  nothing_to_roll_back: 26,
  library_missing: 27,
} as const

export type FaultCode = Exclude<keyof typeof EXIT_CODES, 'ok'>

/** One line each, for `--help` and docs/operations/agent.md. */
export const EXIT_MEANINGS: Record<keyof typeof EXIT_CODES, string> = {
  ok: 'Everything is in step.',
  failed: 'Something broke that nobody foresaw; the message says what.',
  usage: 'The command line is wrong.',
  refused: 'The request was understood and refused; the message says why.',
  source_unreachable: 'The source or the API could not be reached; the compiled maps stay as they are.',
  config_invalid: 'The config file cannot be used; all its faults are listed.',
  locked: 'Another muster-agent works in the state folder.',
  report_failed: 'The maps are in step, but the report was not taken.',
  empty: 'Refused: the published map is empty and the one in use is not (--force empty).',
  shrunk: 'Refused: the published map lost more entries than the shrink limit allows (--force shrunk).',
  signature: 'Refused: HEAD or a MANIFEST is not signed by a pinned key.',
  hash: 'Refused: a MANIFEST or shard is not what the signature vouches for.',
  disk_full: 'There is not enough room to compile (--force disk skips the check beforehand).',
  older: 'Refused: the source offers an older revision than this host has had, or another history (--force older).',
  source_insecure: 'Refused: a map with password hashes is not fetched over plain rsync:// from another machine.',
  not_published: 'The source does not publish a map that the config names.',
  compile_failed: 'The compiled map could not be built.',
  probe_failed: 'The map was built, but looked up it does not say what its tree says.',
  swap_failed: 'The compiled map could not be put in place.',
  stage_failed: 'The tree could not be written to the state folder.',
  backing_off: 'This state of the map failed before and is not tried again yet (--force backoff).',
  differs: 'A compiled map does not say what its tree says.',
  advice: 'doctor found something to put right.',
  nothing_to_roll_back: 'There is no earlier applied tree of this map.',
  library_missing: 'libgdbm.so.6 is not on this machine.',
}

/** What `--force` can override, by the name of the refusal. A signature or a hash cannot be overridden. */
export const GUARDS = ['empty', 'shrunk', 'older', 'disk', 'backoff'] as const
export type Guard = (typeof GUARDS)[number]
