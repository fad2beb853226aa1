import type { TargetConfig, TargetKind } from '../config/agent-config.js'
import { gdbmTarget } from './gdbm-target.js'
import type { Target } from './target.js'
import { textTarget } from './text-target.js'
import { userdbTarget } from './userdb-target.js'

const makers: Record<TargetKind, (config: TargetConfig) => Target> = { gdbm: gdbmTarget, userdb: userdbTarget, text: textTarget }

export function openTarget(config: TargetConfig): Target {
  return makers[config.target](config)
}
