import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CSV_COLUMNS, readCsv } from './read-csv.js'

const HASH = '$1$abcdefgh$0123456789abcdefghijkl'
const csv = (text: string, domain: string | null = null) => readCsv('new.csv', Buffer.from(text), domain)
const faults = (answer: ReturnType<typeof readCsv>) => answer.bad.map(({ file, line, code }) => `${file}:${line}: ${code}`)

describe('readCsv', () => {
  test('reads every column', () => {
    const line = `tevie@example.net,${HASH},ms1,/mail1/12/34/tevie,/mail1/12/34/tevie/Maildir,5000,5001,1000000,pop3 imap,"Moriarty, Tevie"`
    expect(csv(`${CSV_COLUMNS.join(',')}\n${line}\n`)).toMatchObject({
      bad: [],
      records: [
        {
          place: { file: 'new.csv', line: 2 },
          item: {
            address: 'tevie@example.net',
            passwordHash: HASH,
            mailstore: 'ms1',
            home: '/mail1/12/34/tevie',
            maildir: '/mail1/12/34/tevie/Maildir',
            uid: 5000,
            gid: 5001,
            quotaBytes: 1_000_000,
            services: ['imap', 'pop3'],
            name: 'Moriarty, Tevie',
          },
        },
      ],
    })
  })

  test('takes columns in any order, and an empty cell for a value not given', () => {
    const [record] = csv('mailstore,address,uid\n,tevie@example.net,\n').records
    expect(record?.item).toEqual({ address: 'tevie@example.net' })
  })

  test('takes what spreadsheets write: a byte order mark and DOS line ends', () => {
    expect(csv('\uFEFFaddress,name\r\n"tevie@example.net","Tevie ""T"" M"\r\n')).toMatchObject({
      bad: [],
      records: [{ item: { address: 'tevie@example.net', name: 'Tevie "T" M' } }],
    })
  })

  test('completes names, and knows unlimited and none', () => {
    expect(csv('address,quota_bytes,services\ntevie,unlimited,none\n', 'example.net').records[0]?.item).toEqual({
      address: 'tevie@example.net',
      services: [],
    })
  })

  test.each([
    ['addres\nx\n', 'new.csv:1: column_unknown'],
    ['address,address\nx,y\n', 'new.csv:1: column_unknown'],
    ['name\nx\n', 'new.csv:1: columns_missing'],
    ['', 'new.csv:1: columns_missing'],
    ['address\ntevie\n', 'new.csv:2: name_without_domain'],
    ['address\n\n# note\na@b@example.net\n', 'new.csv:4: address_invalid'],
    ['address,uid\na@example.net\n', 'new.csv:2: line_invalid'],
    ['address,uid\na@example.net,5000,x\n', 'new.csv:2: line_invalid'],
    ['address,name\na@example.net,"open\n', 'new.csv:2: line_invalid'],
    ['address,uid\na@example.net,0\n', 'new.csv:2: field_invalid'],
    ['address,quota_bytes\na@example.net,1e9\n', 'new.csv:2: field_invalid'],
    ['address,services\na@example.net,pop\n', 'new.csv:2: field_invalid'],
    ['address,services\na@example.net,pop3 pop3 none\n', 'new.csv:2: field_invalid'],
    ['address,home\na@example.net,mail1/a\n', 'new.csv:2: field_invalid'],
    ['address,name\na@example.net,a:b\n', 'new.csv:2: field_invalid'],
    ['address,password_hash\na@example.net,hunter2\n', 'new.csv:2: password_hash_unsupported'],
  ])('%j is told as %s', (text, fault) => {
    expect(faults(csv(text))).toEqual([fault])
  })

  test('reads the example of the documentation', async () => {
    const text = await readFile(new URL('../../../../docs/import.md', import.meta.url), 'utf8')
    const example = /```csv\n([^`]+)```/.exec(text)?.[1] ?? ''
    expect(example.split('\n')[0]).toBe(CSV_COLUMNS.join(','))
    expect(csv(example, 'example.net')).toMatchObject({
      bad: [],
      records: [{ item: { address: 'tevie@example.net', name: 'Moriarty, Tevie' } }, { item: { address: 'golde@example.net' } }],
    })
  })

  test('an open quote spoils its own line only', () => {
    const answer = csv('address,name\na@example.net,"open\nb@example.net,"fine"\n')
    expect(faults(answer)).toEqual(['new.csv:2: line_invalid'])
    expect(answer.records.map(({ address }) => address)).toEqual(['b@example.net'])
  })

  test('an address that is there twice is told with both places', () => {
    expect(csv('address\na@example.net\nA@example.net\n').bad).toMatchObject([
      { line: 3, code: 'duplicate', reason: 'a@example.net is at new.csv:2 already.' },
    ])
  })

  test('nothing fails, and every bad line has its file and number', () => {
    const cell = fc.constantFrom('a@example.net', 'b@example.net', '"', ',', '\n', '\r\n', 'ms1', '5000', HASH, '"x, y"', '\\', '')
    const text = fc.oneof(
      fc.array(cell, { maxLength: 30 }).map((cells) => `address,uid\n${cells.join('')}`),
      fc.string({ unit: 'binary' }),
    )
    let bad = 0
    fc.assert(
      fc.property(text, (input) => {
        for (const { file, line, reason } of csv(input).bad) {
          bad++
          expect(file).toBe('new.csv')
          expect(line).toBeGreaterThanOrEqual(1)
          expect(line).toBeLessThanOrEqual(input.split('\n').length)
          expect(reason).toMatch(/.+\.$/s)
        }
      }),
      { numRuns: 500 },
    )
    expect(bad).toBeGreaterThan(100)
  })
})
