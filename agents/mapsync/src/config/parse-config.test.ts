import { generateSigningKey, renderPublicKey } from '@muster/maptree'
import { describe, expect, test } from 'vitest'
import { parseConfig } from './parse-config.js'

const pem = renderPublicKey(generateSigningKey())
const whole = {
  host: 'pop1',
  stateDir: '/var/lib/muster-agent',
  api: 'https://muster.example.net',
  tokenFile: '/etc/muster-agent/token',
  publisherKey: '/etc/muster-agent/publisher.pub',
  source: 'rsync+ssh://muster@muster.example.net',
  targets: [
    { map: 'popmap', target: 'gdbm', path: '/etc/perdition/popmap.db' },
    { map: 'userdb@ms1', target: 'userdb', path: '/etc/courier/userdb', owner: 'root', group: 'courier', shadowMode: '0640' },
    { map: 'dovecot-passwd@ms1', target: 'text', path: '/etc/dovecot/users', owner: 'dovecot', mode: '0400' },
  ],
}
const parse = (value: unknown) => parseConfig(value, () => pem)
const faultsOf = (value: unknown) => {
  const parsed = parse(value)
  return parsed.ok ? [] : parsed.faults
}

describe('parseConfig', () => {
  test('reads a whole config, with modes that fit each daemon where none is given', () => {
    const parsed = parse(whole)
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        host: 'pop1',
        shrinkLimit: { share: 0.2, entries: 100 },
        targets: [
          { map: 'popmap', mode: 0o644, owner: null },
          { map: 'userdb@ms1', mode: 0o644, shadowMode: 0o640, group: 'courier' },
          { map: 'dovecot-passwd@ms1', mode: 0o400, owner: 'dovecot' },
        ],
      },
    })
    expect(parsed.ok && parsed.config.publisherKeys).toHaveLength(1)
  })

  test('takes the key itself instead of a file, and two while one is being replaced', () => {
    const two = `${pem}${renderPublicKey(generateSigningKey())}`
    const parsed = parseConfig({ ...whole, publisherKey: two }, () => '')
    expect(parsed.ok && parsed.config.publisherKeys).toHaveLength(2)
  })

  test('tells every fault at once, each by the name of its setting', () => {
    const faults = faultsOf({
      host: 'POP 1',
      stateDir: 'var',
      api: 'muster.example.net',
      source: 'http://muster.example.net',
      targts: [],
      shrinkLimit: { share: 20 },
      targets: [
        { map: 'popmap', target: 'userdb', path: '/etc/courier/userdb' },
        { map: 'users', target: 'cdb', path: 'x', mode: '1777' },
        { map: 'userdb', target: 'text', path: '/etc/courier/userdb.dat', shadowMode: '0600' },
      ],
    })
    const named = faults.map((fault) => fault.split(':')[0])
    expect(named.toSorted()).toEqual(
      [
        'api',
        'host',
        'publisherKey',
        'shrinkLimit.share',
        'source',
        'stateDir',
        'targets[0].target',
        'targets[1].map',
        'targets[1].mode',
        'targets[1].path',
        'targets[1].target',
        'targets[2].path',
        'targets[2].shadowMode',
        'targts',
        'tokenFile',
      ].toSorted(),
    )
  })

  test.each([
    ['nothing', {}, 'targets: is missing'],
    ['a list', [], 'the file: must be an object'],
    ['no target', { ...whole, targets: [] }, 'targets: must be a list with at least one item'],
    ['a key that is none', { ...whole, publisherKey: '-----BEGIN PUBLIC KEY-----' }, 'publisherKey: there is no PEM public key'],
    ['an https source without a token', { ...whole, api: null, tokenFile: null, source: 'https://m.example.net' }, 'tokenFile: is needed'],
    ['a slash at the end', { ...whole, stateDir: '/var/lib/' }, 'stateDir: must not end with a slash'],
  ])('refuses %s', (_, value, fault) => {
    expect(faultsOf(value).join('\n')).toContain(fault)
  })

  test('refuses two targets that write the same file', () => {
    const [popmap] = whole.targets
    expect(faultsOf({ ...whole, targets: [popmap, popmap] })).toEqual(['targets[1].path: targets[0] writes /etc/perdition/popmap.db too'])
  })
})
