import { describe, expect, test } from 'vitest'
import { testWorld } from '../agent.fixture.js'
import { DEFAULT_SHRINK_LIMIT } from '../config/agent-config.js'
import type { Guard } from '../exit-codes.js'
import { AgentFault } from '../fault.js'
import { guardCursor, guardRoom, guardSize } from './guards.js'

const none = new Set<Guard>()
const cursor = (lineage: number, revision: number, nonce = 'aaaaaaaaaaaaaaaa') => ({ lineage, revision, nonce })
const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'taken'
  } catch (error) {
    return error instanceof AgentFault ? error.code : 'bug'
  }
}

describe('guardCursor', () => {
  test.each([
    ['the first ever', null, cursor(1, 5), 'taken'],
    ['the same', cursor(1, 5), cursor(1, 5), 'taken'],
    ['a later one', cursor(1, 5), cursor(1, 9), 'taken'],
    ['an earlier one', cursor(1, 5), cursor(1, 4), 'older'],
    ['the same number of another history', cursor(1, 5), cursor(1, 5, 'bbbbbbbbbbbbbbbb'), 'older'],
    ['a lower revision of a later lineage', cursor(1, 5), cursor(2, 3), 'taken'],
    ['a higher revision of an earlier lineage', cursor(2, 3), cursor(1, 5), 'older'],
  ])('%s', (_, highest, offered, expected) => {
    expect(codeOf(() => guardCursor(highest, offered, none))).toBe(expected)
    expect(codeOf(() => guardCursor(highest, offered, new Set<Guard>(['older'])))).toBe('taken')
  })

  test('says when a lineage begins', () => {
    expect(guardCursor(cursor(1, 5), cursor(2, 3), none).newLineage).toBe(true)
    expect(guardCursor(cursor(1, 5), cursor(1, 6), none).newLineage).toBe(false)
  })
})

describe('guardSize', () => {
  test.each([
    ['empty and was never anything else', 0, 0, 'taken'],
    ['empty where one entry was', 1, 0, 'empty'],
    ['100 of 200 lost', 200, 100, 'taken'],
    ['101 of 200 lost', 200, 99, 'shrunk'],
    ['a fifth of 1,000 lost', 1000, 800, 'taken'],
    ['more than a fifth of 1,000 lost', 1000, 799, 'shrunk'],
    ['grown', 10, 5000, 'taken'],
  ])('%s', (_, before, now, expected) => {
    expect(codeOf(() => guardSize(before, now, DEFAULT_SHRINK_LIMIT, none))).toBe(expected)
  })

  test('force overrides what it names and nothing else', () => {
    expect(codeOf(() => guardSize(5, 0, DEFAULT_SHRINK_LIMIT, new Set<Guard>(['empty'])))).toBe('taken')
    expect(codeOf(() => guardSize(5, 0, DEFAULT_SHRINK_LIMIT, new Set<Guard>(['shrunk'])))).toBe('empty')
    expect(codeOf(() => guardSize(900, 1, DEFAULT_SHRINK_LIMIT, new Set<Guard>(['shrunk'])))).toBe('taken')
    expect(codeOf(() => guardSize(900, 1, DEFAULT_SHRINK_LIMIT, new Set<Guard>(['empty'])))).toBe('shrunk')
  })
})

test('a folder must have two and a half times the room', async () => {
  const world = testWorld({ freeBytes: async () => 249 })
  await expect(guardRoom('compile', '/var/lib', 100, none, world)).rejects.toMatchObject({ code: 'disk_full', step: 'compile' })
  await expect(guardRoom('compile', '/var/lib', 99, none, world)).resolves.toBeUndefined()
  await expect(guardRoom('compile', '/var/lib', 100, new Set<Guard>(['disk']), world)).resolves.toBeUndefined()
})
