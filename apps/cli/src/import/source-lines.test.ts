import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSourceLines } from './source-lines.js'

const read = (text: string | Uint8Array) => [...readSourceLines('userdb', Buffer.from(text as string))]
const texts = (text: string) =>
  read(text).map((line) => (line.ok ? `${line.value.line}: ${line.value.text}` : `${line.bad.line}! ${line.bad.code}`))

describe('readSourceLines', () => {
  test('leaves out blank lines and comments, and counts them', () => {
    expect(texts('# site\n\na\tuid=1\n  \n  # more\nb\tuid=2\n')).toEqual(['3: a\tuid=1', '6: b\tuid=2'])
  })

  test('joins a line that ends in a backslash to the next, whose indent goes; it is told by its first line', () => {
    expect(texts('a\thome=/a|\\\n    uid=1|\\\n    gid=1\nb\tx=1\n')).toEqual(['1: a\thome=/a|uid=1|gid=1', '4: b\tx=1'])
  })

  test('does not continue a comment', () => {
    expect(texts('# a comment \\\na\tuid=1\n')).toEqual(['2: a\tuid=1'])
  })

  test('reads a last line without a newline', () => {
    expect(texts('a\tuid=1')).toEqual(['1: a\tuid=1'])
  })

  test('tells a backslash that nothing follows', () => {
    expect(texts('a\tuid=1\nb\tuid=2|\\\n')).toEqual(['1: a\tuid=1', '2! continuation_unfinished'])
  })

  test('tells bytes that are not UTF-8, control characters and DOS line ends, and reads on', () => {
    expect(read(new Uint8Array([0x61, 0xff, 0x0a, 0x62, 0x0a])).map((line) => (line.ok ? line.value.text : line.bad.code))).toEqual([
      'not_utf8',
      'b',
    ])
    expect(texts('a\u0000b\nc\r\nd\n')).toEqual(['1! control_character', '2! control_character', '3: d'])
  })

  test('a fault anywhere in a continued line spoils the whole of it, and nothing after it', () => {
    expect(texts('a|\\\nb\u0001|\\\nc\nd\n')).toEqual(['1! control_character', '4: d'])
  })

  test('never fails, and every line that it gives or refuses lies in the file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const lines = [...readSourceLines('f', Buffer.from(bytes))]
        const count = Buffer.from(bytes).toString('latin1').split('\n').length
        const numbers = lines.map((line) => (line.ok ? line.value.line : line.bad.line))
        expect(numbers.every((n) => n >= 1 && n <= count)).toBe(true)
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
      }),
    )
  })

  test('what is neither blank, a comment nor continued comes out as it went in', () => {
    const plain = fc.stringMatching(/^[!-~äöü€]{1,30}$/).filter((text) => !text.startsWith('#') && !text.endsWith('\\'))
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 20 }), (lines) => {
        expect(texts(lines.map((line) => `${line}\n`).join(''))).toEqual(lines.map((line, i) => `${i + 1}: ${line}`))
      }),
    )
  })
})
