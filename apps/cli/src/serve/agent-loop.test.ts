import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@muster/runtime'
import { afterAll, expect, test } from 'vitest'
import { startAgentLoop } from './agent-loop.js'

const folder = mkdtempSync(join(tmpdir(), 'muster-agent-loop-'))
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

test('it starts the agent with its config, one at a time, however often it is woken', async () => {
  const agent = program('slow', 'setTimeout(() => {}, 100)')
  const loop = startAgentLoop({ configFile: '/etc/agent.json', log, program: agent.file, hasSource: () => true, paceMs: 1 })
  await until(() => agent.runs().length > 0)
  for (let i = 0; i < 10; i++) loop.wake()
  await until(() => agent.runs().length >= 3)
  await loop.stop()
  const one = ['begin sync --once --config /etc/agent.json', 'end']
  expect(agent.runs().slice(0, 2)).toEqual(one)
  expect(
    agent
      .runs()
      .filter((_, i) => i % 2 === 1)
      .every((line) => line === 'end'),
  ).toBe(true)
})

test('while nothing is published it does not start the agent', async () => {
  const agent = program('early', '')
  let published = false
  const loop = startAgentLoop({ configFile: 'x', log, program: agent.file, hasSource: () => published, paceMs: 1 })
  loop.wake()
  await sleep(20)
  expect(agent.runs()).toEqual([])
  published = true
  loop.wake()
  await until(() => agent.runs().length === 2)
  await loop.stop()
})

test('a failure is logged once with what the agent said, tried again soon, and its end is logged too', async () => {
  const agent = program('failing', `if (!existsSync(runs + '.mended')) { console.error('error: no such map'); process.exitCode = 18 }`)
  lines.length = 0
  const loop = startAgentLoop({ configFile: 'x', log, program: agent.file, hasSource: () => true, paceMs: 1 })
  await until(() => agent.runs().filter((line) => line === 'end').length >= 2)
  writeFileSync(join(folder, 'failing.runs.mended'), '')
  await until(() => lines.some((line) => line.includes('in step again')))
  await loop.stop()
  expect(lines.filter((line) => line.includes('exit 18: error: no such map'))).toHaveLength(1)
})

test('stop() ends an agent under way and waits for it', async () => {
  const agent = program('endless', `process.on('SIGTERM', () => process.exit(0))\nsetInterval(() => {}, 1000)\nadd(runs, 'ready\\n')`)
  const loop = startAgentLoop({ configFile: 'x', log, program: agent.file, hasSource: () => true })
  await until(() => agent.runs().includes('ready'))
  await loop.stop()
  expect(agent.runs().at(-1)).toBe('end')
})
