import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Role } from '@muster/domain'
import type { ControlPlane } from './control-plane.js'
import type { Answer } from './muster-process.js'

const agent = fileURLToPath(new URL('../agents/mapsync/dist/main.js', import.meta.url))

/** A machine of the cluster that is a folder here: below it lies what lies below / on a real one. */
export interface MailHost {
  readonly name: string
  readonly folder: string
  /** The place on this machine of a path of that host. */
  at(path: string): string
  /** `muster-agent sync --once`, as cron runs it. */
  sync(...args: string[]): Promise<Answer>
  /** Another command of its agent, such as `status`. */
  agent(command: string, ...args: string[]): Promise<Answer>
  /** `muster-agent run`, as systemd starts it. */
  startAgent(...args: string[]): AgentProcess
}

export interface AgentProcess {
  stderr(): string
  /** As systemd stops it; answers the exit code. */
  stop(): Promise<number | NodeJS.Signals>
}

export interface HostRequest {
  readonly name: string
  readonly folder: string
  readonly role: Role
  /** The mailstore that a host with the role mailstore serves. */
  readonly mailstore?: string
  /** Where its agent fetches maps. */
  readonly source: string
}

/** Makes a host as its operator does: puts it into the directory, takes its key there, and lets its agent enrol. */
export async function enrolHost(control: ControlPlane, { name, folder, role, mailstore, source }: HostRequest): Promise<MailHost> {
  const at = (path: string) => join(folder, path)
  const etc = at('/etc/muster-agent')
  mkdirSync(etc, { recursive: true })
  const serves = mailstore === undefined ? [] : ['--mailstore', mailstore]
  requireExit(await control.run('hosts', 'put', name, '--role', role, ...serves), 0)
  const key = requireExit(await control.run('keys', 'create', '--name', `agent of ${name}`, '--role', 'host', '--host', name), 0)
  writeFileSync(join(etc, 'token'), key.stdout, { mode: 0o600 })
  const configFile = join(etc, 'agent.json')
  const token = join(etc, 'token')
  const enroll = ['enroll', '--api', control.url, '--host', name, '--token-file', token, '--source', source, '--out', configFile]
  requireExit(await runAgent([...enroll, '--publisher-key', join(control.publishDir, 'publisher.pub')]), 0)
  relocate(configFile, at)
  return {
    name,
    folder,
    at,
    sync: (...args) => runAgent(['sync', '--once', '--config', configFile, ...args]),
    agent: (command, ...args) => runAgent([command, '--config', configFile, ...args]),
    startAgent: (...args) => startAgent(['run', '--config', configFile, ...args]),
  }
}

/** Moves the paths that enroll wrote, which are those of Debian's daemons, below the host's folder. */
function relocate(configFile: string, at: (path: string) => string): void {
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as { stateDir: string; targets: { path: string }[] }
  config.stateDir = at(config.stateDir)
  for (const target of config.targets) {
    target.path = at(target.path)
    mkdirSync(dirname(target.path), { recursive: true })
  }
  mkdirSync(config.stateDir, { recursive: true })
  writeFileSync(configFile, JSON.stringify(config, null, 2))
}

function startAgent(args: readonly string[]): AgentProcess {
  const { child, out, exited } = spawnAgent(args)
  return {
    stderr: () => out.stderr,
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

async function runAgent(args: readonly string[]): Promise<Answer> {
  const { out, exited } = spawnAgent(args)
  const exit = await exited
  return { exit, ...out }
}

function spawnAgent(args: readonly string[]) {
  if (!existsSync(agent)) throw new Error(`${agent} is not built: npm run build`)
  const child = spawn(process.execPath, [agent, ...args], { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()))
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal as NodeJS.Signals)))
  })
  return { child, out, exited }
}

/** A command that ends otherwise than it must is told with what it said. */
export function requireExit(answer: Answer, wanted: number): Answer {
  const { exit, stdout, stderr } = answer
  if (exit !== wanted) throw new Error(`exit ${exit} instead of ${wanted}:\n${stdout}${stderr}`)
  return answer
}
