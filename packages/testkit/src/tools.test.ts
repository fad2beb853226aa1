import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { explainMissing, findTool } from './tools.js'

describe('explainMissing', () => {
  test('names the tool and its Debian package', () => {
    expect(explainMissing('courierpop3d', () => null)).toEqual(['courierpop3d (Debian package courier-pop)'])
  })

  test('says nothing of a tool that is there', () => {
    expect(explainMissing('rsync', () => '/usr/bin/rsync')).toEqual([])
  })
})

test('findTool answers only with a path that exists', () => {
  const path = findTool('curl')
  expect(path === null || existsSync(path)).toBe(true)
})
