import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@muster/runtime'
import { afterAll, expect, test } from 'vitest'
import { startAgentProcess } from './agent-process.js'

const folder = mkdtempSync(join(tmpdir(), 'muster-agent-process-'))
const lines: string[] = []
const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => lines.push(line) } })
afterAll(() => rmSync(folder, { recursive: true }))

/** A program in the agent's place: it writes a line into `runs` when it begins and when it ends, then does what `body` says. */
function program(name: string, body: string): { file: string; runs: () => string[] } {
  const [file, runs] = [join(folder, `${name}.mjs`), join(folder, `${name}.runs`)]
  const begin = `import { appendFileSync as add, existsSync } from 'node:fs'\nconst runs = ${JSON.stringify(runs)}\nadd(runs, 'begin ' + process.argv.slice(2).join(' ') + '\\n')`
  writeFileSync(file, `${begin}\nprocess.on('exit', () => add(runs, 'end\\n'))\n${body}\n`)
  return { file, runs: () => (existsSync(runs) ? readFileSync(runs, 'utf8').trim().split('\n') : []) }
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await sleep(10)
}

const now = Promise.resolve()

test('it starts the agent with its config once there is something to fetch, and stop() ends it and waits for it', async () => {
  const agent = program('endless', `process.on('SIGTERM', () => process.exit(0))\nsetInterval(() => {}, 1000)\nadd(runs, 'ready\\n')`)
  let publish: () => void = () => {}
  const when = new Promise<void>((resolve) => (publish = resolve))
  const running = startAgentProcess({ configFile: '/etc/agent.json', log, program: agent.file, when })
  expect(agent.runs()).toEqual([])
  publish()
  await until(() => agent.runs().includes('ready'))
  await running.stop()
  expect(agent.runs()).toEqual(['begin run --config /etc/agent.json', 'ready', 'end'])
})

test('an agent that ends is started again, and the log says that it ended and what it said', async () => {
  const agent = program(
    'failing',
    `console.error(JSON.stringify({ level: 40, name: 'muster-agent', map: 'popmap', msg: 'no such map' })); process.exitCode = 18`,
  )
  lines.length = 0
  const running = startAgentProcess({ configFile: 'x', log, program: agent.file, when: now, firstPauseMs: 1 })
  await until(() => agent.runs().filter((line) => line === 'end').length >= 3)
  await until(() => lines.some((line) => line.includes('"exit":18')))
  await running.stop()
  expect(lines.some((line) => line.includes('the agent of host local: no such map') && line.includes('"map":"popmap"'))).toBe(true)
})

test('stop() before there is anything to fetch starts nothing', async () => {
  const agent = program('never', '')
  const running = startAgentProcess({ configFile: 'x', log, program: agent.file, when: new Promise(() => {}) })
  await running.stop()
  expect(agent.runs()).toEqual([])
})
