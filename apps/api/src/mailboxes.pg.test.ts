import { beforeAll, describe, expect, test } from 'vitest'
import { startTestApi } from './testing/start-test-api.js'

const api = await startTestApi()
beforeAll(() => api.seed())

let serial = 0
const create = (fields: object = {}) => api.call('POST', '/v1/mailboxes', { address: `user${(serial += 1)}@example.net`, ...fields })
const fieldsOf = (answer: { body: { errors?: { field: string; message: string }[] } }) => answer.body.errors?.map(({ field }) => field)

describe('nothing is coerced and nothing is dropped', () => {
  test.each([
    ['quotaBytes', '5'],
    ['quotaBytes', ''],
    ['quotaBytes', 0],
    ['quotaBytes', -1],
    ['quotaBytes', 1.5],
    ['quotaBytes', true],
    ['quotaBytes', [5]],
    ['quotaBytes', Number.MAX_SAFE_INTEGER + 1],
    ['quotaMessages', '5'],
    ['uid', '5000'],
    ['uid', 0],
    ['uid', null],
    ['name', 5],
    ['name', 'a:b'],
    ['name', 'a|b'],
    ['name', 'line\nline'],
    ['services', 'imap'],
    ['services', ['imap', 'imap']],
    ['services', ['telnet']],
    ['mailstore', 'MS1'],
    ['address', 5],
    ['address', null],
    ['password', 12345],
    ['state', 'closed'],
    ['Address', 'x@example.net'],
    ['__proto__x', 1],
  ])('refuses %s = %j, names the field, and creates nothing', async (field, value) => {
    const before = await api.directory.getHead()
    const answer = await create({ [field]: value })
    expect(answer).toMatchObject({ status: 400, body: { code: 'request_invalid' } })
    expect(fieldsOf(answer)?.[0]).toMatch(new RegExp(`^${field}(?:\\[\\d\\])?$`))
    expect(await api.directory.getHead()).toEqual(before)
  })

  test('refuses a body that is no object, and one with a poisoned prototype', async () => {
    for (const body of ['[]', '"text"', '5', 'null']) {
      const answer = await api.call('POST', '/v1/mailboxes', body, { headers: { 'content-type': 'application/json' } })
      expect(answer).toMatchObject({ status: 400, body: { code: 'request_invalid' } })
    }
    const poisoned = '{"address":"a@example.net","__proto__":{"quotaBytes":1}}'
    expect(await api.call('POST', '/v1/mailboxes', poisoned, { headers: { 'content-type': 'application/json' } })).toMatchObject({
      status: 400,
      body: { code: 'json_malformed' },
    })
  })

  test('tells all faults at once', async () => {
    const answer = await create({ quotaBytes: '5', uid: 0, colour: 'blue' })
    expect(fieldsOf(answer)?.toSorted()).toEqual(['colour', 'quotaBytes', 'uid'])
  })

  test('null is unlimited and stays null through create, read and change', async () => {
    const created = await create({ quotaBytes: null, quotaMessages: null, name: null })
    expect(created.body).toMatchObject({ quotaBytes: null, quotaMessages: null, name: null })
    const path = `/v1/mailboxes/${created.body.address}`
    expect((await api.call('PATCH', path, { quotaBytes: 1_000_000 })).body).toMatchObject({ quotaBytes: 1_000_000, quotaMessages: null })
    expect((await api.call('PATCH', path, { quotaMessages: 7 })).body).toMatchObject({ quotaBytes: 1_000_000, quotaMessages: 7 })
    expect((await api.call('PATCH', path, { quotaBytes: null })).body).toMatchObject({ quotaBytes: null, quotaMessages: 7 })
    expect((await api.call('GET', path)).body).toMatchObject({ quotaBytes: null, quotaMessages: 7 })
  })

  test('keeps the largest exact number exact', async () => {
    const created = await create({ quotaBytes: Number.MAX_SAFE_INTEGER })
    expect((await api.call('GET', `/v1/mailboxes/${created.body.address}`)).body.quotaBytes).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('a filter that is no number or unknown is refused as well', async () => {
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=ten',
      'limit=1e2',
      'limit=0x10',
      'limit=',
      'limit=1&limit=2',
      'colour=blue',
      'state=open',
    ]) {
      expect(await api.call('GET', `/v1/mailboxes?${query}`)).toMatchObject({ status: 400, body: { code: 'request_invalid' } })
    }
  })
})

describe('a mailbox', () => {
  test('is created with everything said, and answered as it is kept', async () => {
    const body = {
      address: 'Full.Name@Example.NET',
      passwordHash:
        '{SHA512-CRYPT}$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp/9vKzw3KHdj6YH4L/jTT3ph84uzXzCQcGds4wKcC0JIV3wrS1hxLr.',
      mailstore: 'ms1',
      home: '/mail1/12/34/full',
      maildir: '/mail1/12/34/full',
      uid: 1001,
      gid: 1002,
      quotaBytes: 1_000,
      quotaMessages: 10,
      services: ['smtp', 'imap'],
      name: "Full O'Name, grün",
    }
    const created = await api.call('POST', '/v1/mailboxes', body)
    const { address: _a, passwordHash: _h, services: _s, ...same } = body
    expect(created).toMatchObject({ status: 201, body: { ...same, address: 'full.name@example.net', hasPassword: true } })
    expect(created.body.services.toSorted()).toEqual(['imap', 'smtp'])
    expect((await api.call('GET', '/v1/mailboxes/FULL.name@example.net')).body).toEqual(created.body)
    expect(JSON.stringify(created.body)).not.toContain('$6$')
  })

  test('without a password is there, and nobody can log in', async () => {
    const created = await create()
    expect(created.body).toMatchObject({ hasPassword: false, services: expect.arrayContaining(['imap', 'pop3', 'smtp']) })
    const check = await api.call('POST', `/v1/mailboxes/${created.body.address}/password-check`, { password: 'anything' })
    expect(check.body).toEqual({ matches: false })
  })

  test('may have every character that an address may have, in the path as well', async () => {
    const localpart = "a+b=c'd#e&f$g*h~i^j?k_l-m.n"
    const created = await create({ address: `${localpart}@example.net` })
    const path = `/v1/mailboxes/${encodeURIComponent(`${localpart}@example.net`)}`
    expect(created.headers['location']).toBe(path)
    expect((await api.call('GET', path)).body.address).toBe(`${localpart}@example.net`)
    expect((await api.call('DELETE', path)).status).toBe(200)
  })

  test('the longest address has room in a path, percent-encoded as well', async () => {
    const domain = `${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(55)}.example`
    await api.call('PUT', `/v1/domains/${domain}`, { customerId: 'C-1001' })
    const address = `${'x'.repeat(64)}@${domain}`
    expect((await create({ address })).status).toBe(201)
    const encoded = [...address].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    expect((await api.call('GET', `/v1/mailboxes/${encoded}`)).body.address).toBe(address)
  })

  test('changes only in what is said', async () => {
    const { body: before } = await create({ password: 'correct horse', name: 'Before', quotaBytes: 5 })
    const { body: after } = await api.call('PATCH', `/v1/mailboxes/${before.address}`, { name: 'After' })
    expect(after).toEqual({ ...before, name: 'After', updatedAt: after.updatedAt, revision: after.revision })
    expect(after.revision).toBeGreaterThan(before.revision)
  })
})

describe('internationalized domains', () => {
  test('are the same in U-labels and A-labels, in path, body and filter', async () => {
    const put = await api.call('PUT', `/v1/domains/${encodeURIComponent('Bücher.example')}`, { customerId: 'C-1001' })
    expect(put).toMatchObject({
      status: 201,
      headers: { location: '/v1/domains/xn--bcher-kva.example' },
      body: { domain: 'xn--bcher-kva.example', domainUnicode: 'bücher.example' },
    })
    expect((await api.call('PUT', '/v1/domains/xn--bcher-kva.example', { customerId: 'C-1001' })).status).toBe(200)
    expect(await create({ address: 'a@BÜCHER.example' })).toMatchObject({ status: 201, body: { address: 'a@xn--bcher-kva.example' } })
    expect((await create({ address: 'a@xn--bcher-kva.example' })).body.code).toBe('address_in_use')
    expect((await api.call('GET', `/v1/mailboxes/${encodeURIComponent('a@bücher.example')}`)).status).toBe(200)
    const listed = await api.call('GET', `/v1/mailboxes?domain=${encodeURIComponent('bücher.example')}`)
    expect(listed.body.items).toHaveLength(1)
  })

  test.each([
    'a_b.example',
    'single',
    '192.0.2.1',
    '-a.example',
    `${'a'.repeat(64)}.example`,
    'a..example',
    'exa mple.net',
    'example.net/..',
  ])('refuses %s', async (domain) => {
    const answer = await api.call('PUT', `/v1/domains/${encodeURIComponent(domain)}`, { customerId: 'C-1001' })
    expect(answer).toMatchObject({ status: 400, body: { code: 'domain_name_invalid' } })
  })
})

describe('passwords', () => {
  const check = async (address: string, password: string) =>
    (await api.call('POST', `/v1/mailboxes/${address}/password-check`, { password })).body.matches

  test.each([
    ['72 bytes', 'p'.repeat(72), 201],
    ['73 bytes', 'p'.repeat(73), 400],
    ['72 bytes of UTF-8', '€'.repeat(24), 201],
    ['75 bytes in 25 characters', '€'.repeat(25), 400],
    ['a NUL', 'correct\0horse', 400],
    ['nothing', '', 400],
  ])('of %s', async (_, password, status) => {
    const answer = await create({ password })
    expect(answer.status).toBe(status)
    expect(status === 201 ? await check(answer.body.address, password) : answer.body.code).toBe(status === 201 ? true : 'password_invalid')
  })

  test('are changed, and the old one no longer matches', async () => {
    const { address } = (await create({ password: 'the old one' })).body
    await api.call('PATCH', `/v1/mailboxes/${address}`, { password: 'the new one' })
    expect([await check(address, 'the old one'), await check(address, 'the new one')]).toEqual([false, true])
  })

  test.each([
    ['$6$', '$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp/9vKzw3KHdj6YH4L/jTT3ph84uzXzCQcGds4wKcC0JIV3wrS1hxLr.'],
    ['{ARGON2ID}', '{ARGON2ID}$argon2id$v=19$m=64,p=1,t=1$c29tZXNhbHRzb21lc2FsdA$eBY3HI2UlYF97TOJPUwsPLYLqxeU5BJs3p9HkcDjdLg'],
  ])('imported as %s are taken as they are', async (scheme, passwordHash) => {
    const created = await create({ passwordHash })
    expect(created).toMatchObject({ status: 201, body: { hasPassword: true } })
    const stored = await api.directory.loadPasswordHashes(created.body.address)
    expect(stored?.argon2id !== null).toBe(scheme === '{ARGON2ID}')
    expect(stored?.argon2id ?? '$argon2id$v=19$m=64,t=1,p=1$').toContain('$m=64,t=1,p=1$')
    expect(await check(created.body.address, 'wrong horse')).toBe(false)
  })

  test('an imported $6$ hash matches its password, and a password set later takes its place', async () => {
    const passwordHash = '$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp/9vKzw3KHdj6YH4L/jTT3ph84uzXzCQcGds4wKcC0JIV3wrS1hxLr.'
    const { address } = (await create({ passwordHash })).body
    expect(await check(address, 'correct horse battery staple')).toBe(true)
    await api.call('PATCH', `/v1/mailboxes/${address}`, { password: 'the new one' })
    expect(await check(address, 'correct horse battery staple')).toBe(false)
    expect(await api.directory.loadPasswordHashes(address)).toMatchObject({ crypt: expect.stringMatching(/^\$2b\$/) })
  })
})
