import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderMusterReference } from './cli-reference.js'

test('the page in docs is what the commands say', () => {
  expect(readFileSync(new URL('../../../docs/operations/muster.md', import.meta.url), 'utf8')).toBe(renderMusterReference())
})
