import { expect, test } from 'vitest'
import { scrubbed } from './errors.js'

test('no hash and no key is left in what is logged of an error', () => {
  const hashes = [
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo',
    '$2b$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S',
    '$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp/9vKzw3KHdj6YH4L/jTT3ph84uzXzCQcGds4wKcC0JIV3wrS1hxLr.',
    '$y$j9T$abcdefgh$9WNEpu8Mx2S4KNGvbVWKM6clOSoY6.YEl7AYF4DGV04',
    `mk_abcdefghijkl_${'s'.repeat(43)}`,
  ]
  const error = new Error(`Invalid invocation: { crypt: "${hashes.join('", other: "')}" }`)
  const logged = JSON.stringify(scrubbed(error))
  for (const hash of hashes) expect(logged).not.toContain(hash.slice(-20))
  expect(logged).toContain('Invalid invocation')
})

test('what was thrown and is no error does not reach the log', () => {
  expect(scrubbed('hunter2')).toEqual({ name: 'unknown', message: 'string', code: undefined, stack: undefined })
})
