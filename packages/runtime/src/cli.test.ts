import { expect, test, vi, type MockInstance } from 'vitest'
import { answer, CliFailure, command, EXIT, runCli } from './cli.js'
import { readConfig } from './config/read-config.js'
import { DataFolderBusy } from './data-lock.js'
import { renderTable } from './table.js'

interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command `do` whose work is `work`, and keeps what it writes. */
async function run(argv: readonly string[], work: () => unknown = () => undefined): Promise<Ran> {
  const keep = (stream: NodeJS.WriteStream): { text: string; spy: MockInstance<NodeJS.WriteStream['write']> } => {
    const kept = { text: '', spy: vi.spyOn(stream, 'write') as MockInstance<NodeJS.WriteStream['write']> }
    kept.spy.mockImplementation((chunk) => {
      kept.text += String(chunk)
      return true
    })
    return kept
  }
  const [out, err] = [keep(process.stdout), keep(process.stderr)]
  try {
    const inner = command({ name: 'do', summary: 'Do it.', examples: [['prog do --json', 'does it for a script']] })
    inner.option('--times <n>').action(async () => answer(inner, { done: await work() }, `done: ${String(await work())}`))
    const program = command({ name: 'prog', summary: 'A program.', examples: [] }).addCommand(inner)
    const exit = await runCli(program, argv)
    return { exit, stdout: out.text, stderr: err.text }
  } finally {
    out.spy.mockRestore()
    err.spy.mockRestore()
  }
}

test('the answer goes to stdout, as text for people', async () => {
  expect(await run(['do'], () => 7)).toEqual({ exit: EXIT.ok, stdout: 'done: 7\n', stderr: '' })
})

test.each([
  ['after', ['do', '--json']],
  ['before', ['--json', 'do']],
])('--json %s the command makes it one line of JSON', async (_where, argv) => {
  expect(await run(argv, () => 'a\nb')).toEqual({ exit: EXIT.ok, stdout: '{"done":"a\\nb"}\n', stderr: '' })
})

test('a failure says what happened and what to try, on stderr, with its own exit code', async () => {
  const fail = () => Promise.reject(new CliFailure(EXIT.refused, 'host_not_found', 'There is no host pop9.', 'List them first.'))
  expect(await run(['do'], fail)).toEqual({ exit: EXIT.refused, stdout: '', stderr: 'error: There is no host pop9.\nList them first.\n' })
  expect(JSON.parse((await run(['do', '--json'], fail)).stderr)).toEqual({
    error: { exitCode: EXIT.refused, code: 'host_not_found', message: 'There is no host pop9.', hint: 'List them first.' },
  })
})

test('wrong command lines exit with 2, help with 0 and with its example', async () => {
  expect(await run(['do', '--often'])).toMatchObject({ exit: EXIT.usage, stdout: '', stderr: expect.stringContaining('--often') as string })
  expect((await run(['dont'])).exit).toBe(EXIT.usage)
  expect((await run([])).exit).toBe(EXIT.usage)
  expect(await run(['do', '--help'])).toMatchObject({ exit: EXIT.ok, stdout: expect.stringContaining('$ prog do --json') as string })
})

test('faults of the environment, a folder in use and a bug each have their code', async () => {
  const badConfig = () => readConfig({ MUSTER_PORT: 'x', MUSTER_BIND: '127.0.0.1' })
  expect(await run(['do'], badConfig)).toMatchObject({ exit: EXIT.config, stderr: expect.stringContaining('MUSTER_PORT: ') as string })
  const busy = () => Promise.reject(new DataFolderBusy('/srv/muster', '17'))
  expect(await run(['do'], busy)).toMatchObject({ exit: EXIT.busy, stderr: expect.stringContaining('process 17') as string })
  const bug = () => Promise.reject(new TypeError('x is not a function'))
  expect(await run(['do'], bug)).toMatchObject({ exit: EXIT.failed, stderr: 'error: x is not a function\n' })
})

test('a table lines up its columns and ends no line with blanks', () => {
  expect(
    renderTable(
      ['host', 'roles'],
      [
        ['pop1', 'proxy'],
        ['mailstore-1', ''],
      ],
    ),
  ).toBe('HOST         ROLES\npop1         proxy\nmailstore-1')
})
