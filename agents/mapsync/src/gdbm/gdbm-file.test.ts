import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { GdbmError, GdbmFile } from './gdbm-file.js'

const folder = mkdtempSync(join(tmpdir(), 'muster-gdbm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const b = (text: string) => Buffer.from(text)

describe('GdbmFile', () => {
  test('gives back what was stored, byte for byte, from another handle', () => {
    const path = join(folder, 'bytes.db')
    const entries = [
      [b('tevie@example.net'), b('10.0.0.11:110')],
      [b('empty'), b('')],
      [Buffer.from([0, 1, 255]), Buffer.alloc(200_000, 0xa7)],
      [b('käse'), b('ü\0x')],
    ] as const
    const writer = GdbmFile.create(path)
    for (const [key, value] of entries) expect(writer.store(key, value)).toBe(true)
    writer.sync()
    writer.close()
    const reader = GdbmFile.openReader(path)
    for (const [key, value] of entries) expect(reader.fetch(key)?.equals(value)).toBe(true)
    expect(reader.count()).toBe(entries.length)
    expect([...reader.keys()].map((k) => k.toString('hex')).sort()).toEqual(entries.map(([k]) => k.toString('hex')).sort())
    reader.close()
  })

  test('says null for an absent key and false for a key that is there', () => {
    const file = GdbmFile.create(join(folder, 'absent.db'))
    expect(file.fetch(b('nobody'))).toBeNull()
    expect(file.store(b('a'), b('1'))).toBe(true)
    expect(file.store(b('a'), b('2'))).toBe(false)
    expect(file.fetch(b('a'))?.toString()).toBe('1')
    expect(file.store(b('a'), b('2'), true)).toBe(true)
    expect(file.remove(b('a'))).toBe(true)
    expect(file.remove(b('a'))).toBe(false)
    expect(file.has(b('a'))).toBe(false)
    file.close()
  })

  test('walks an empty database without an entry', () => {
    const path = join(folder, 'empty.db')
    GdbmFile.create(path).close()
    const file = GdbmFile.openReader(path)
    expect([...file.keys()]).toEqual([])
    expect(file.count()).toBe(0)
    file.close()
  })

  test('throws for a file that is no database, naming it, and does not end the process', () => {
    const path = join(folder, 'no.db')
    writeFileSync(path, 'userdb is not this')
    expect(() => GdbmFile.openReader(path)).toThrow(GdbmError)
    expect(() => GdbmFile.openReader(join(folder, 'missing.db'))).toThrow(/missing\.db/)
  })

  test('throws for a database that was cut short', () => {
    const path = join(folder, 'cut.db')
    const writer = GdbmFile.create(path)
    for (let i = 0; i < 5000; i++) writer.store(b(`user${i}@example.net`), b('x'.repeat(100)))
    writer.close()
    truncateSync(path, 16_384)
    expect(() => {
      const reader = GdbmFile.openReader(path)
      for (let i = 0; i < 5000; i++) reader.fetch(b(`user${i}@example.net`))
    }).toThrow(GdbmError)
  })

  test('frees what libgdbm allocates: reading does not grow the process by what it read', () => {
    const path = join(folder, 'leak.db')
    const writer = GdbmFile.create(path)
    writer.store(b('k'), Buffer.alloc(10_000, 1))
    writer.close()
    const reader = GdbmFile.openReader(path)
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 50_000; i++) reader.fetch(b('k'))
    // 50,000 values of 10 kB are 500 MB when none is freed.
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000)
    reader.close()
  })

  test('a closed file refuses to be used instead of crashing the process', () => {
    const file = GdbmFile.create(join(folder, 'closed.db'))
    file.close()
    file.close()
    expect(() => file.fetch(b('k'))).toThrow(/is closed/)
  })
})
