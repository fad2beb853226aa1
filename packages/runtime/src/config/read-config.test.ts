import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { ConfigError, readConfig, type ConfigFault, type Environment } from './read-config.js'
import { renderConfigReference } from './render-config-reference.js'
import { VARIABLES } from './variables.js'

const folder = mkdtempSync(join(tmpdir(), 'muster-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function faultsOf(env: Environment): readonly ConfigFault[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

test('an empty environment gives the defaults', () => {
  const config = readConfig({})
  expect(config).toMatchObject({ dataDir: resolve('var'), bind: '127.0.0.1', port: 8025, database: { url: null }, unknownVariables: [] })
})

test('an empty variable counts as unset', () => {
  expect(readConfig({ MUSTER_PORT: '', MUSTER_DATABASE_URL: '' })).toMatchObject({ port: 8025, database: { url: null } })
})

test('all faults are told at once, each by the name of its variable', () => {
  const faults = faultsOf({ MUSTER_PORT: '80 25', MUSTER_BCRYPT_COST: '3', MUSTER_LOG_LEVEL: 'loud', MUSTER_DATABASE_URL: 'mysql://db' })
  expect(faults.map((fault) => fault.variable).sort()).toEqual([
    'MUSTER_BCRYPT_COST',
    'MUSTER_DATABASE_URL',
    'MUSTER_LOG_LEVEL',
    'MUSTER_PORT',
  ])
  expect(faults.find((fault) => fault.variable === 'MUSTER_PORT')?.problem).toBe(
    'does not take "80 25": give a whole number from 0 to 65535.',
  )
})

test('a number is never guessed from something that only looks like one', () => {
  for (const text of ['8025.0', '0x10', '1e3', ' 8025', '-1', '65536', '٣']) expect(faultsOf({ MUSTER_PORT: text })).toHaveLength(1)
})

test('a secret is in no print of the config and in no fault', () => {
  const config = readConfig({ MUSTER_DATABASE_URL: 'postgres://u:hunter2@db/muster' })
  expect(config.database.url?.reveal()).toBe('postgres://u:hunter2@db/muster')
  for (const print of [inspect(config, { depth: 9 }), JSON.stringify(config), String(config.database.url), `${config.database.url}`]) {
    expect(print).not.toContain('hunter2')
    expect(print).toMatch(/\[secret\]|object/)
  }
  expect(JSON.stringify(faultsOf({ MUSTER_DATABASE_URL: 'mysql://u:hunter2@db' }))).not.toContain('hunter2')
})

test('a secret may come from a file, without the line feed at its end', () => {
  const file = join(folder, 'url')
  writeFileSync(file, 'postgres://u:p@db/muster\n')
  expect(readConfig({ MUSTER_DATABASE_URL_FILE: file }).database.url?.reveal()).toBe('postgres://u:p@db/muster')
})

test('a file that cannot be read, and a secret given twice, are faults', () => {
  expect(faultsOf({ MUSTER_API_KEY_FILE: join(folder, 'absent') })).toEqual([
    { variable: 'MUSTER_API_KEY_FILE', problem: expect.stringContaining('cannot be read (ENOENT)') as string },
  ])
  const twice = { MUSTER_DATABASE_URL: 'postgres://db', MUSTER_DATABASE_URL_FILE: join(folder, 'url') }
  expect(faultsOf(twice)).toEqual([
    { variable: 'MUSTER_DATABASE_URL', problem: 'is set, and so is MUSTER_DATABASE_URL_FILE: unset one of them.' },
  ])
})

test('the config cannot be changed, at any depth', () => {
  const config = readConfig({}) as { hashing: { argon2: { passes: number } } }
  expect(() => (config.hashing.argon2.passes = 1)).toThrow(TypeError)
})

test('a variable that nobody reads is named, so that a slip of the pen shows', () => {
  expect(readConfig({ MUSTER_PROT: '1', HOME: '/', MUSTER_PORT_FILE: '/x', MUSTER_API_KEY_FILE: '' }).unknownVariables).toEqual([
    'MUSTER_PROT',
    'MUSTER_PORT_FILE',
  ])
})

test('every default is a value that its own variable accepts', () => {
  const refused = Object.entries(VARIABLES).filter(([, { fallback, parse }]) => fallback !== null && parse(fallback) === undefined)
  expect(refused).toEqual([])
})

test('the page in docs is what the variables say', () => {
  const page = readFileSync(new URL('../../../../docs/operations/configuration.md', import.meta.url), 'utf8')
  expect(page).toBe(renderConfigReference())
})
