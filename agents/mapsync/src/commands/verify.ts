import { readTree, renderFault, verifyTree, type Tree } from '@muster/maptree'
import { answer, command, renderTable } from '@muster/runtime'
import type { Command } from 'commander'
import type { AgentConfig, TargetConfig } from '../config/agent-config.js'
import { loadConfig } from '../config/load-config.js'
import { EXIT_CODES } from '../exit-codes.js'
import { withState } from '../state/with-state.js'
import { treeSpecOf } from '../steps/context.js'
import { openTarget } from '../targets/open-target.js'
import { renderDifference } from '../targets/target.js'
import { configOption, withExitCode } from './frame.js'

export interface VerifiedTarget {
  readonly map: string
  readonly path: string
  readonly ok: boolean
  readonly entries: number | null
  /** The first thing wrong; names a key, never a value. */
  readonly wrong: string | null
}

export function verifyCommand(): Command {
  const made = command({
    name: 'verify',
    summary: 'Compare the compiled files whole with their trees, and the trees with their signed manifests.',
    examples: [['muster-agent verify', 'exit code 0 when every entry is right, 24 when one differs']],
  })
  return made.addOption(configOption()).action(async (options: { config: string }) => {
    const verified = await withExitCode(() => verify(loadConfig(options.config)))
    answer(
      made,
      { ok: verified.every((v) => v.ok), targets: verified },
      renderTable(['map', 'file', 'entries', 'result'], verified.map(toRow)),
    )
    if (!verified.every((v) => v.ok)) process.exitCode = EXIT_CODES.differs
  })
}

/** Takes the lock, so that no swap comes between the tree and its files. */
export async function verify(config: AgentConfig): Promise<VerifiedTarget[]> {
  return withState(config.stateDir, async () => {
    const verified: VerifiedTarget[] = []
    for (const target of config.targets) verified.push(await verifyTarget(config, target))
    return verified
  })
}

async function verifyTarget(config: AgentConfig, target: TargetConfig): Promise<VerifiedTarget> {
  const named = { map: target.map, path: target.path }
  const spec = treeSpecOf(config, target)
  const [fault] = await verifyTree(spec, config.publisherKeys)
  if (fault !== undefined) return { ...named, ok: false, entries: null, wrong: `the tree: ${renderFault(fault)}` }
  const wrong = await findWrong(target, (await readTree(spec, config.publisherKeys)) as Tree)
  return { ...named, ok: wrong.text === null, entries: wrong.entries, wrong: wrong.text }
}

async function findWrong(config: TargetConfig, tree: Tree): Promise<{ text: string | null; entries: number | null }> {
  try {
    const { root, counts, difference } = await openTarget(config).readBack(tree, 'live')
    const entries = counts[0] ?? null
    if (difference !== null) return { text: renderDifference(difference), entries }
    return { text: root === tree.manifest.root ? null : 'the root read back is another', entries }
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), entries: null }
  }
}

function toRow({ map, path, ok, entries, wrong }: VerifiedTarget): string[] {
  return [map, path, String(entries ?? '-'), ok ? 'as its tree' : `DIFFERS: ${wrong}`]
}
