import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { mapName, planHostMaps, type Host } from '@muster/domain'
import { listFolder, readFileIfAny, replaceFile } from '@muster/maptree'

export type HostMaps = Pick<Host, 'name' | 'roles' | 'mailstores'>

/**
 * The modules of one host: each map that its roles need, and `head` with the file HEAD alone. Read-only, and without the folder in which
 * the next state is written. `owner` is who may read the trees: rsync changes to it when it is started by root, else it is ignored.
 */
export function renderRsyncdConf(publishDir: string, host: HostMaps, owner: { readonly uid: number; readonly gid: number }): string {
  const modules = planHostMaps(host).map((ref) => renderModule(mapName(ref), join(publishDir, mapName(ref)), ['exclude = .*']))
  return [
    `# What the host ${host.name} may read. Written by Muster whenever the host changes: changes made here are lost.\n`,
    `uid = ${owner.uid}\ngid = ${owner.gid}\nuse chroot = no\nread only = yes\nlist = yes\nreverse lookup = no\n`,
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
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const wanted = new Map(hosts.map((host) => [`${host.name}.conf`, renderRsyncdConf(publishDir, host, owner)]))
  for (const name of await listFolder(folder)) if (!wanted.has(name)) await rm(join(folder, name), { force: true })
  for (const [name, text] of wanted) {
    const file = join(folder, name)
    if ((await readFileIfAny(file))?.toString('utf8') !== text) await replaceFile(file, text, 0o640)
  }
}
