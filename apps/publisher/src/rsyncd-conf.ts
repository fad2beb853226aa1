import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { mapName, planHostMaps, type Host } from '@muster/domain'
import { listFolder, readFileIfAny, replaceFile } from '@muster/maptree'

export type HostMaps = Pick<Host, 'name' | 'roles' | 'mailstores'>

/**
 * The modules of one host: each map that its roles need, and `head` with the file HEAD alone. Read-only, and without the folder in which
 * the next state is written. `isRoot`: the trees are root's. Then rsync must be told to stay root, or it reads them as nobody; anybody else's
 * rsync runs as he is, and refuses a `gid` that it could not change to (rsync 3.5).
 */
export function renderRsyncdConf(publishDir: string, host: HostMaps, isRoot: boolean): string {
  const modules = planHostMaps(host).map((ref) => renderModule(mapName(ref), join(publishDir, mapName(ref)), ['exclude = .*']))
  return [
    `# What the host ${host.name} may read. Written by Muster whenever the host changes: changes made here are lost.\n`,
    `${isRoot ? 'uid = 0\ngid = 0\n' : ''}use chroot = no\nread only = yes\nlist = yes\nreverse lookup = no\n`,
    renderModule('head', publishDir, ['include = /HEAD', 'exclude = *']),
    ...modules,
  ].join('\n')
}

function renderModule(name: string, path: string, more: readonly string[]): string {
  return [`[${name}]`, `path = ${path}`, ...more, ''].join('\n')
}

/** Writes `rsyncd/<host>.conf` for every host, leaves those that are right, and removes those of hosts that are gone. */
export async function writeRsyncdConfs(publishDir: string, hosts: readonly HostMaps[]): Promise<void> {
  // rsync would take %VAR% for a variable, and a line's end for the end of the value.
  if (/[%\n\\]|\s$/.test(publishDir)) throw new Error(`rsyncd.conf cannot name this folder: ${JSON.stringify(publishDir)}`)
  const folder = join(publishDir, 'rsyncd')
  const isRoot = process.getuid?.() === 0
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const wanted = new Map(hosts.map((host) => [`${host.name}.conf`, renderRsyncdConf(publishDir, host, isRoot)]))
  for (const name of await listFolder(folder)) if (!wanted.has(name)) await rm(join(folder, name), { force: true })
  for (const [name, text] of wanted) {
    const file = join(folder, name)
    if ((await readFileIfAny(file))?.toString('utf8') !== text) await replaceFile(file, text, 0o640)
  }
}
