import { readFileSync, writeFileSync } from 'node:fs'
import { MAP_KINDS, parseAddress, parseStorePath, SERVICES, STATES, type Address } from '@muster/domain'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareKeys } from './compare-keys.js'
import { MapSyntaxError, type MailboxRow, type MapKind } from './map-kind.js'
import { mapKinds } from './map-kinds.js'
import { renderMap } from './render-map.js'

const fixture = (path: string) => new URL(`../../../fixtures/maps/${path}`, import.meta.url)
const goldenRows = JSON.parse(readFileSync(fixture('rows.json'), 'utf8')) as MailboxRow[]
const kinds: readonly MapKind<unknown>[] = MAP_KINDS.map((name) => mapKinds[name])

/** Whatever characters somebody may send; the parsers of the domain decide what of it reaches a row. */
const wild = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .array(
      fc.constantFrom('a', '.', '+', "'", '"', '#', '=', '$', '&', '*', '%', ':', '|', '\t', '\n', ' ', '\\', '/', '@', 'pw=', '\u2028'),
      {
        maxLength: 8,
      },
    )
    .map((parts) => parts.join('')),
)
const address = fc
  .oneof(fc.stringMatching(/^[a-z0-9_+='#&$*~^?-]{1,12}$/), wild)
  .map((localpart) => parseAddress(`${localpart}@example.net`))
  .filter((outcome) => outcome.ok)
  .map((outcome) => outcome.value)
const path = fc
  .oneof(fc.stringMatching(/^[a-z0-9_+='#&$*~^?/-]{1,20}$/), wild)
  .map((text) => parseStorePath(`/mail1/${text}`))
  .filter((outcome) => outcome.ok)
  .map((outcome) => outcome.value)
const limit = fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: null })
const id = fc.integer({ min: 1, max: 4_294_967_294 })
const row: fc.Arbitrary<MailboxRow> = fc.record({
  mailboxId: fc.constant('0193a1b2-0000-7000-8000-000000000001'),
  address,
  mailstore: fc.constantFrom('ms1', 'ms2'),
  mailstoreHost: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
  mailstorePort: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null }),
  home: path,
  maildir: path,
  uid: id,
  gid: id,
  quotaBytes: limit,
  quotaMessages: limit,
  services: fc.shuffledSubarray([...SERVICES]),
  name: fc.option(wild, { nil: null }),
  status: fc.constantFrom(...STATES),
  argon2id: fc.constantFrom(null, ...goldenRows.map((r) => r.argon2id)),
  crypt: fc.constantFrom(null, ...goldenRows.map((r) => r.crypt)),
})

test('every kind that the domain names is there, under its own name', () => {
  expect(Object.entries(mapKinds).map(([name, kind]) => [name, kind.name])).toEqual(MAP_KINDS.map((name) => [name, name]))
})

describe.each(kinds)('$name', (kind) => {
  test('renders the rows of the fixture as its golden file says, and no two lines have one key', () => {
    const rendered = renderMap(kind, goldenRows)
    if (process.env['UPDATE_GOLDEN']) writeFileSync(fixture(`${kind.name}/rows.golden`), rendered)
    expect(rendered).toBe(readFileSync(fixture(`${kind.name}/rows.golden`), 'utf8'))
    const keys = rendered
      .trimEnd()
      .split('\n')
      .map((line) => kind.keyOfLine(line))
    expect(keys).toEqual([...new Set(keys)].toSorted(compareKeys))
  })

  test('gives the same bytes in whatever order the rows come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(goldenRows, { minLength: goldenRows.length }), (rows) => {
        expect(renderMap(kind, rows)).toBe(renderMap(kind, goldenRows))
      }),
    )
  })

  test('every line is one line that parses, and renders to itself again', () => {
    fc.assert(
      fc.property(row, (r) => {
        for (const { key, line } of kind.entriesOf(r)) {
          expect(line).not.toMatch(/[\n\r\0]/)
          expect(Buffer.from(line, 'utf8').toString('utf8')).toBe(line)
          expect(kind.keyOfLine(line)).toBe(key)
          expect(kind.parseLine(line).key).toBe(key)
          expect(kind.renderLine(kind.parseLine(line))).toBe(line)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('a row in whatever state has only keys that follow from its address', () => {
    fc.assert(
      fc.property(row, (r) => {
        const possible = kind.keysOf(r.address)
        expect(possible).toEqual([...new Set(possible)])
        for (const { key } of kind.entriesOf(r)) expect(possible).toContain(key)
      }),
    )
  })

  test('two addresses never share a key', () => {
    fc.assert(
      fc.property(address, address, (a, b) => {
        fc.pre(a !== b)
        const keys = new Set(kind.keysOf(a))
        expect(kind.keysOf(b).filter((key) => keys.has(key))).toEqual([])
      }),
    )
  })

  test('a closed mailbox has no entry; a suspended one has one that holds no hash', () => {
    fc.assert(
      fc.property(row, (r) => {
        expect(kind.entriesOf({ ...r, status: 'closed' })).toEqual([])
        const suspended = kind.entriesOf({ ...r, status: 'suspended' })
        expect(suspended).toHaveLength(1)
        expect(suspended[0]?.line).not.toContain(r.crypt ?? r.argon2id ?? '$6$')
        expect(suspended[0]?.line).not.toContain(r.argon2id ?? '$argon2id$')
      }),
    )
  })

  test('lines of a kind that is not secret hold no hash', () => {
    const text = renderMap(kind, goldenRows)
    expect(/\$(?:6|2b|argon2id)\$/.test(text)).toBe(kind.secret)
  })
})

test('a stored value that a format cannot hold stops the render; it never becomes another line or field', () => {
  const [good] = goldenRows as [MailboxRow]
  const refusals = (more: Partial<MailboxRow>) =>
    kinds.filter((kind) => throwsSyntaxError(kind, { ...good, ...more })).map((kind) => kind.name)
  expect(refusals({})).toEqual([])
  expect(refusals({ home: '/mail1/x|uid=0' })).toEqual(['userdb'])
  expect(refusals({ home: '/mail1/x:y' })).toEqual(['dovecot-passwd'])
  expect(refusals({ maildir: '/mail1/x userdb_uid=0' })).toEqual(['dovecot-passwd'])
  expect(refusals({ maildir: '/mail1/x\nroot\tuid=0' })).toEqual(['userdb', 'dovecot-passwd'])
  expect(refusals({ argon2id: null, crypt: 'x|systempw=y:0:0' })).toEqual(['userdb', 'dovecot-passwd'])
  expect(refusals({ uid: 0 })).toEqual(['dovecot-passwd'])
  expect(refusals({ mailstoreHost: 'ms1\nroot:evil' })).toEqual(['popmap'])
  expect(refusals({ mailstoreHost: 'user@evil' })).toEqual(['popmap'])
  expect(refusals({ mailstoreHost: '' })).toEqual(['popmap'])
})

function throwsSyntaxError(kind: MapKind<unknown>, r: MailboxRow): boolean {
  try {
    kind.entriesOf(r)
    return false
  } catch (error) {
    if (!(error instanceof MapSyntaxError)) throw error
    return true
  }
}

test('an address is the key of its own mailbox in each map that looks up addresses', () => {
  const tevie = 'tevie@example.net' as Address
  expect(mapKinds.userdb.keysOf(tevie)).toEqual([tevie])
  expect(mapKinds.popmap.keysOf(tevie)).toEqual([tevie])
  expect(mapKinds['dovecot-passwd'].keysOf(tevie)[0]).toBe(tevie)
})
