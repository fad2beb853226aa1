import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { stateFile, writeState } from './state.js'
import { withState } from './with-state.js'

const dir = mkdtempSync(join(tmpdir(), 'muster-state-'))
afterAll(() => rmSync(dir, { recursive: true }))

test.each(['', '{"version":1,"ma', 'null', '"x"'])(
  'a damaged state file %j is set aside and said, and the agent begins anew',
  async (damaged) => {
    writeFileSync(stateFile(dir), damaged)
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const state = await withState(dir, async (found) => found)
    expect(state).toEqual({ version: 1, head: null, maps: {}, targets: {} })
    expect(said.mock.calls.join()).toContain(`${stateFile(dir)} was damaged`)
    said.mockRestore()
    expect(existsSync(stateFile(dir))).toBe(false)
    expect(readFileSync(`${stateFile(dir)}.damaged`, 'utf8')).toBe(damaged)
  },
)

test('what was written is found again', async () => {
  const state = {
    version: 1 as const,
    head: null,
    maps: { popmap: { highest: '1-7-9f3ca1b2c3d4e5f6', failure: null, pinned: null } },
    targets: {},
  }
  await writeState(dir, state)
  expect(await withState(dir, async (found) => found)).toEqual(state)
})

test('the state of another version is no damage', async () => {
  writeFileSync(stateFile(dir), '{"version":2}')
  await expect(withState(dir, async (found) => found)).rejects.toThrow('written by another version')
})
