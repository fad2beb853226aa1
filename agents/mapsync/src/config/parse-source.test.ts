import { describe, expect, test } from 'vitest'
import { carriesSecrets, parseSource, renderSource } from './parse-source.js'

describe('parseSource', () => {
  test.each([
    ['/srv/muster/publish', { kind: 'path', folder: '/srv/muster/publish' }],
    ['/srv/muster/publish/', { kind: 'path', folder: '/srv/muster/publish' }],
    ['rsync://maps.example.net', { kind: 'rsync', ssh: false, user: null, host: 'maps.example.net', port: null }],
    ['rsync+ssh://muster@maps.example.net:2222', { kind: 'rsync', ssh: true, user: 'muster', host: 'maps.example.net', port: 2222 }],
    ['rsync://[::1]:8730', { kind: 'rsync', ssh: false, user: null, host: '[::1]', port: 8730 }],
    ['https://muster.example.net/', { kind: 'http', baseUrl: 'https://muster.example.net' }],
    ['http://127.0.0.1:8025', { kind: 'http', baseUrl: 'http://127.0.0.1:8025' }],
  ])('reads %s', (text, value) => {
    expect(parseSource(text)).toEqual({ ok: true, value })
  })

  test.each([
    ['http://muster.example.net', 'loopback only'],
    ['rsync://maps.example.net/popmap', 'no path'],
    ['rsync+ssh://muster:secret@maps.example.net', 'password'],
    ['rsync://muster@maps.example.net', 'no user'],
    ['ftp://maps.example.net', 'Give'],
    ['publish', 'Give'],
    ['rsync+ssh://-oProxyCommand=x@maps.example.net', 'character'],
  ])('refuses %s', (text, why) => {
    const refused = parseSource(text)
    expect(refused.ok).toBe(false)
    expect(refused.ok ? '' : refused.detail).toContain(why)
  })

  test('renders what it read, so that a config can be shown', () => {
    for (const text of ['/srv/publish', 'rsync+ssh://muster@maps.example.net:2222', 'rsync://[::1]', 'https://muster.example.net']) {
      const source = parseSource(text)
      expect(source.ok && renderSource(source.value)).toBe(text)
    }
  })
})

test.each([
  ['rsync://maps.example.net', false],
  ['rsync://10.0.0.1', false],
  ['rsync://127.0.0.5:873', true],
  ['rsync://localhost', true],
  ['rsync://[::1]', true],
  ['rsync+ssh://maps.example.net', true],
  ['https://maps.example.net', true],
  ['/srv/publish', true],
])('password hashes travel by %s: %s', (text, may) => {
  const source = parseSource(text)
  expect(source.ok && carriesSecrets(source.value)).toBe(may)
})
