import { beforeAll, describe, expect, test } from 'vitest'
import { startTestApi } from './testing/start-test-api.js'

const api = await startTestApi()
const HASH = '$6$usesomesillystri$OLEL4Znhd0dw1Ze2wphEQCpjmrJvJ0Lp/9vKzw3KHdj6YH4L/jTT3ph84uzXzCQcGds4wKcC0JIV3wrS1hxLr.'

beforeAll(async () => {
  await api.seed()
  await api.call('PUT', '/v1/customers/C-2', { name: 'Another Ltd' })
  await api.call('PUT', '/v1/domains/another.example', { customerId: 'C-2' })
})

const send = (items: object[], fields: object = {}) => api.call('POST', '/v1/imports', { customerId: 'C-1001', items, ...fields })
const sound = [
  { address: 'anna@example.net', passwordHash: HASH, home: '/mail1/a/anna', maildir: '/mail1/a/anna', uid: 1001, gid: 1001 },
  { address: 'ben@example.net', quotaBytes: 5_000, state: 'suspended' },
]

describe('an import', () => {
  test('as a trial tells what would happen and writes nothing', async () => {
    const head = await api.directory.getHead()
    const answer = await send(sound, { dryRun: true })
    expect(answer).toMatchObject({ status: 200, body: { dryRun: true, applied: false, revision: null, created: 2, refused: 0 } })
    expect(answer.headers['muster-revision']).toBeUndefined()
    expect(answer.body.items).toEqual([
      { index: 0, address: 'anna@example.net', verdict: 'created', code: null, detail: null },
      { index: 1, address: 'ben@example.net', verdict: 'created', code: null, detail: null },
    ])
    expect(await api.directory.getHead()).toEqual(head)
  })

  test('is one revision, wakes the publisher once, and brings hashes, homes and states', async () => {
    const woken = api.commits.length
    const answer = await send(sound)
    expect(answer.body).toMatchObject({ applied: true, created: 2, updated: 0, unchanged: 0, refused: 0 })
    expect(api.commits.slice(woken)).toEqual([answer.body.revision])
    expect((await api.call('GET', '/v1/mailboxes/anna@example.net')).body).toMatchObject({
      maildir: '/mail1/a/anna',
      uid: 1001,
      hasPassword: true,
    })
    expect((await api.call('GET', '/v1/mailboxes/ben@example.net')).body).toMatchObject({ status: 'suspended', quotaBytes: 5_000 })
    const check = await api.call('POST', '/v1/mailboxes/anna@example.net/password-check', { password: 'correct horse battery staple' })
    expect(check.body).toEqual({ matches: true })
  })

  test('sent again changes nothing; a changed item is brought up to date', async () => {
    const again = await send(sound)
    expect(again.body).toMatchObject({ created: 0, updated: 0, unchanged: 2, revision: null })
    const changed = await send([sound[0] as object, { address: 'ben@example.net', quotaBytes: 6_000, state: 'suspended' }])
    expect(changed.body).toMatchObject({ applied: true, updated: 1, unchanged: 1 })
  })

  test('tells every faulty item at once, of the wire’s kind and of the directory’s, and writes none', async () => {
    const head = await api.directory.getHead()
    const answer = await send([
      { address: 'carol@example.net' },
      { address: 'no-at-sign' },
      { address: 'dora@absent.example' },
      { address: 'emil@example.net', passwordHash: '{SSHA}abcdefghijk' },
      { address: 'emil2@example.net', home: 'relative/path' },
      { address: 'CAROL@example.net' },
      { address: 'frieda@example.net', mailstore: 'absent' },
      { address: 'gerd@another.example' },
    ])
    expect(answer.body).toMatchObject({ applied: false, revision: null, created: 1, refused: 7 })
    expect(answer.body.items.map((item: { index: number; code: string }) => [item.index, item.code])).toEqual([
      [0, null],
      [1, 'address_invalid'],
      [2, 'domain_not_found'],
      [3, 'password_hash_unsupported'],
      [4, 'path_invalid'],
      [5, 'address_in_use'],
      [6, 'mailstore_not_found'],
      [7, 'domain_not_found'],
    ])
    expect(await api.directory.getHead()).toEqual(head)
    expect((await api.call('GET', '/v1/mailboxes/carol@example.net')).status).toBe(404)
  })

  test('of only faulty items is answered the same way', async () => {
    expect((await send([{ address: 'no-at-sign' }])).body).toMatchObject({ applied: false, created: 0, refused: 1 })
  })

  test.each([
    ['a password in clear', [{ address: 'x@example.net', password: 'correct horse' }], 'items[0].password'],
    ['a number in quotes', [{ address: 'x@example.net', quotaBytes: '5' }], 'items[0].quotaBytes'],
    ['no item', [], 'items'],
    ['1,001 items', Array.from({ length: 1001 }, (_, i) => ({ address: `u${i}@example.net` })), 'items'],
  ])('with %s is no import', async (_, items, field) => {
    expect((await send(items)).body).toMatchObject({ code: 'request_invalid', errors: [{ field }] })
  })

  test('takes a thousand at once, all in one revision', async () => {
    const items = Array.from({ length: 1000 }, (_, i) => ({
      address: `bulk${i}@example.net`,
      passwordHash: HASH,
      name: 'A name of some length',
    }))
    const answer = await send(items)
    expect(answer.body).toMatchObject({ applied: true, created: 1000, refused: 0 })
    expect((await api.call('GET', `/v1/revisions/${answer.body.revision}`)).body.changes).toBe(1000)
  })
})
