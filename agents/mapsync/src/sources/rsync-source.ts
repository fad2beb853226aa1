import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentConfig } from '../config/agent-config.js'
import { renderSource, type RsyncAddress } from '../config/parse-source.js'
import { placeFolder, SourceError, type Source, type TreePlace } from './source.js'

/** Without a byte for this long the other side is taken for gone. */
const SILENCE_SECONDS = 60

/**
 * rsync modules, one a map and `head`, by a daemon or through ssh. Shards that differ are fetched by name, so
 * rsync's own comparing has nothing to do: `--whole-file`, `--ignore-times`, one call a map. rsync writes each file aside and renames it.
 */
export function openRsyncSource(address: RsyncAddress, ssh: AgentConfig['ssh']): Source {
  const port = address.ssh || address.port === null ? '' : `:${address.port}`
  const module = (name: string) => `rsync://${address.host}${port}/${name}`
  const base = ['--whole-file', '--ignore-times', `--timeout=${SILENCE_SECONDS}`, ...transportOptions(address, ssh)]
  const treeAt = (map: string, place: TreePlace) => `${module(map)}/${placeFolder(place)}`
  return {
    name: renderSource(address),
    hasCurrent: true,
    readHead: () => readOne(base, `${module('head')}/HEAD`, 'HEAD'),
    readManifest: (map, place) => readOne(base, `${treeAt(map, place)}MANIFEST`, 'MANIFEST'),
    fetchShards: async (map, place, names, folder) => {
      // Named from the module's root: rsync 3.5 finds none of the names when the source is a folder below it (`use chroot = no`).
      const list = names.map((name) => `${placeFolder(place)}shards/${name}\n`).join('')
      await runRsync([...base, '--files-from=-', '--no-relative', `${module(map)}/`, `${folder}/`], list)
    },
  }
}

function transportOptions(address: RsyncAddress, { identityFile, knownHostsFile }: AgentConfig['ssh']): string[] {
  if (!address.ssh) return ['--contimeout=20']
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20', '-o', 'ServerAliveInterval=15']
  if (address.port !== null) options.push('-p', String(address.port))
  if (address.user !== null) options.push('-l', address.user)
  if (identityFile !== null) options.push('-i', identityFile, '-o', 'IdentitiesOnly=yes')
  if (knownHostsFile !== null) options.push('-o', `UserKnownHostsFile=${knownHostsFile}`)
  return ['-e', ['ssh', ...options].map(quote).join(' ')]
}

/** rsync splits the value of -e at blanks, and takes a doubled quote within quotes for one. */
function quote(argument: string): string {
  return /^[\w./:=@-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "''")}'`
}

async function readOne(base: readonly string[], from: string, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-agent-'))
  try {
    await runRsync([...base, from, `${folder}/`])
    return await readFile(join(folder, name), 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runRsync(args: readonly string[], stdin = ''): Promise<void> {
  const child = spawn('rsync', args, { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2000)))
  // rsync that ends before it has read its list says why on stderr.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', (error) => reject(new SourceError(`rsync could not be started: ${error.message}`, { cause: error })))
    child.once('close', (exit, signal) => resolve(exit ?? signal ?? 'an unknown end'))
  })
  if (code === 0) return
  const why = said.trim().split('\n').slice(0, 3).join('; ')
  if (/No space left on device|Disk quota exceeded/.test(said)) throw Object.assign(new Error(why), { code: 'ENOSPC' })
  throw new SourceError(`rsync ended with ${code}: ${why || 'it said nothing'}`)
}
