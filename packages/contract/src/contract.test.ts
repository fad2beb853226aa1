import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { CreateMailbox, nullable, PatchMailbox, REQUEST_EXAMPLES, SHARED_SCHEMAS } from './index.js'

interface Schema {
  readonly $id?: string
  readonly $ref?: string
  readonly type?: string | string[]
  readonly description?: string
  readonly examples?: unknown[]
  readonly additionalProperties?: boolean
  readonly properties?: Record<string, Schema>
  readonly items?: Schema
}

const named = new Map(SHARED_SCHEMAS.map((schema) => [schema.$id, schema as Schema]))
const requests = Object.keys(REQUEST_EXAMPLES)

describe('every named schema', () => {
  test('has a name of its own', () => {
    expect(SHARED_SCHEMAS.length).toBe(named.size)
    expect(named.size).toBeGreaterThan(40)
  })

  test.each([...named])('%s is closed, and says of each field what it is, with an example that fits', (_, schema) => {
    expect(schema.description).toMatch(/\.$/)
    expect(schema.additionalProperties).toBe(false)
    expect(Object.entries(schema.properties ?? {}).flatMap(([name, field]) => faultsOf(name, field))).toEqual([])
  })
})

/** What a field lacks: a description, or examples that fit it; a list of named things needs no example of its own. */
function faultsOf(name: string, field: Schema): string[] {
  const faults = field.description?.endsWith('.') ? [] : [`${name} has no description`]
  if (field.items?.$ref !== undefined) return named.has(idOf(field.items.$ref)) ? faults : [...faults, `${name} names an unknown schema`]
  if (!field.examples?.length) faults.push(`${name} has no example`)
  for (const example of field.examples ?? []) {
    if (!Value.Check(field, example)) faults.push(`${name}: the example ${JSON.stringify(example)} does not fit`)
  }
  return faults
}

function idOf(reference: string): string {
  return reference.replace('#', '')
}

describe('every example of a request', () => {
  test.each(requests)('%s fits its schema', (id) => {
    const schema = named.get(id) as Schema & { required?: string[] }
    for (const { value } of Object.values(REQUEST_EXAMPLES[id] ?? {})) {
      const unfit = Object.entries(value).filter(([name, field]) => !fits(schema.properties?.[name], field))
      expect(unfit).toEqual([])
      expect(Object.keys(value)).toEqual(expect.arrayContaining(schema.required ?? []))
    }
  })
})

function fits(schema: Schema | undefined, value: unknown): boolean {
  if (schema === undefined) return false
  const item = named.get(idOf(schema.items?.$ref ?? ''))
  return item === undefined ? Value.Check(schema, value) : (value as unknown[]).every((one) => Value.Check(item, one))
}

test('tells null from 0 and numbers from text', () => {
  const mailbox = (quotaBytes: unknown) => Value.Check(CreateMailbox, { address: 'a@example.net', quotaBytes })
  expect([null, 1, 1_000_000].map(mailbox)).toEqual([true, true, true])
  expect([0, -1, 1.5, '5', '', true, Number.MAX_SAFE_INTEGER + 1].map(mailbox)).toEqual(Array(7).fill(false))
})

test('a change of a mailbox names at least one field, and never the mailstore or the state', () => {
  expect(Value.Check(PatchMailbox, {})).toBe(false)
  expect(Value.Check(PatchMailbox, { mailstore: 'ms2' })).toBe(false)
  expect(Value.Check(PatchMailbox, { state: 'active' })).toBe(false)
  expect(Value.Check(PatchMailbox, { name: null })).toBe(true)
})

test('refuses to make a schema nullable that has not one type', () => {
  expect(() => nullable({ anyOf: [] })).toThrow('one type')
})
