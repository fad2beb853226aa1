import { expect, test } from 'vitest'
import { createLogger } from './logger.js'
import { secret } from './secret.js'

function logged(write: (log: ReturnType<typeof createLogger>) => void, level = 'info'): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  write(
    createLogger({
      level,
      name: 'test',
      destination: { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    }),
  )
  return lines
}

test('a line is JSON with the name of the part that speaks', () => {
  expect(logged((log) => log.info({ port: 1 }, 'listening'))).toMatchObject([{ name: 'test', msg: 'listening', port: 1, level: 30 }])
})

test('passwords, tokens and headers that hold them never reach a line', () => {
  const lines = logged((log) => {
    log.info({ password: 'pw-1', body: { password: 'pw-2', passwordHash: 'pw-3' }, req: { headers: { authorization: 'pw-4' } } }, 'request')
    log.info({ value: secret('pw-5'), token: 'pw-6', row: { secretHash: 'pw-7' } }, 'other')
  })
  expect(lines).toHaveLength(2)
  expect(JSON.stringify(lines)).not.toContain('pw-')
})

test('lines below the level are not written', () => {
  expect(logged((log) => log.info('quiet'), 'warn')).toEqual([])
})
