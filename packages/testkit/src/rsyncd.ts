import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startDaemonProcess, type DaemonProcess, type Listen } from './daemon-process.js'
import { toolPath, type Requirement } from './tools.js'

export const RSYNCD_TOOLS: readonly Requirement[] = ['rsync']

export interface RsyncdOptions {
  /** An rsyncd.conf such as the publisher writes for each host. */
  readonly config: string
  /** Default: a free port of 127.0.0.1. */
  readonly listen?: Listen
}

export interface RunningRsyncd extends DaemonProcess {
  /** `rsync://127.0.0.1:PORT` */
  readonly url: string
}

/** A real rsync daemon on a loopback address, as the user who runs the tests. */
export async function startRsyncd({ config, listen }: RsyncdOptions): Promise<RunningRsyncd> {
  const at = listen ?? { host: '127.0.0.1', port: await freePort('127.0.0.1') }
  const args = ['--daemon', '--no-detach', `--config=${config}`, `--address=${at.host}`, `--port=${at.port}`, '--log-file=/dev/stderr']
  const daemon = await startDaemonProcess(toolPath('rsync'), args, [at])
  return { ...daemon, url: `rsync://${at.host}:${at.port}` }
}

/** Writes an rsyncd.conf with one module a folder of `modules`, and `head` for the file HEAD in `publishDir`. Returns its path. */
export async function writeRsyncdConf(folder: string, publishDir: string, modules: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'rsyncd.conf')
  const owner = `uid = ${process.getuid?.() ?? 0}\ngid = ${process.getgid?.() ?? 0}\n`
  const maps = modules.map((name) => `[${name}]\npath = ${join(publishDir, name)}\n`).join('')
  await writeFile(file, `${owner}use chroot = no\nread only = yes\n[head]\npath = ${publishDir}\ninclude = /HEAD\nexclude = *\n${maps}`)
  return file
}
