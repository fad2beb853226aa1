import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSigningKey, renderPublicKey } from '@muster/maptree'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeTestFolder } from '../agent.fixture.js'
import { loadConfig } from '../config/load-config.js'
import { enroll, planTargets } from './enroll.js'

const folder = makeTestFolder()
const key = generateSigningKey()
const token = 'mk_abcdefghijkl_secret'
const out = join(folder, 'etc', 'agent.json')
const maps = [
  { map: 'popmap', kind: 'popmap', mailstore: null },
  { map: 'userdb@ms1', kind: 'userdb', mailstore: 'ms1' },
  { map: 'dovecot-passwd@ms1', kind: 'dovecot-passwd', mailstore: 'ms1' },
] as const
let server: Server
let api: string

beforeAll(async () => {
  writeFileSync(join(folder, 'token'), `${token}\n`)
  server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end()
    if (request.url === '/v1/maps/publisher-key') return response.end(renderPublicKey(key))
    if (request.url === '/v1/hosts/pop1/maps') return response.end(JSON.stringify({ items: maps }))
    const problem = { type: 'about:blank', title: 'No', status: 404, code: 'host_not_found', detail: 'There is none.' }
    return response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => rmSync(out, { force: true }))

const options = () => ({ api, host: 'pop1', tokenFile: join(folder, 'token'), out })

test('writes a config that can be loaded, with a target for each map of the host and the key pinned', async () => {
  const enrolled = await enroll(options())
  expect(enrolled).toMatchObject({ host: 'pop1', maps: maps.map((m) => m.map), keyIds: [key.keyId], keyFromApi: true })
  const config = loadConfig(out)
  expect(config.publisherKeys.map((k) => k.keyId)).toEqual([key.keyId])
  expect(config.source).toEqual({ kind: 'http', baseUrl: api })
  expect(config.targets.map(({ target, path }) => `${target} ${path}`)).toEqual([
    'gdbm /etc/perdition/popmap.db',
    'userdb /etc/courier/userdb',
    'text /etc/dovecot/users',
  ])
  expect(readFileSync(out, 'utf8')).not.toContain(token)
})

test('pins a key that was brought by hand, and asks the API for none', async () => {
  const other = generateSigningKey()
  writeFileSync(join(folder, 'publisher.pub'), renderPublicKey(other))
  const enrolled = await enroll({
    ...options(),
    publisherKey: join(folder, 'publisher.pub'),
    source: 'rsync+ssh://muster@maps.example.net',
  })
  expect(enrolled).toMatchObject({ keyIds: [other.keyId], keyFromApi: false })
  expect(loadConfig(out).source).toMatchObject({ kind: 'rsync', ssh: true })
})

test('does not overwrite a config unless told to', async () => {
  await enroll(options())
  await expect(enroll(options())).rejects.toMatchObject({ exitCode: 3, code: 'config_exists' })
  await enroll({ ...options(), replace: true })
})

test('a host the directory does not know is refused', async () => {
  await expect(enroll({ ...options(), host: 'pop9' })).rejects.toMatchObject({ code: 'host_not_found' })
})

test('two mailstores on one host have files of their own', () => {
  const targets = planTargets([
    { map: 'userdb@ms1', kind: 'userdb', mailstore: 'ms1' },
    { map: 'userdb@ms2', kind: 'userdb', mailstore: 'ms2' },
    { map: 'popmap', kind: 'popmap', mailstore: null },
  ])
  expect(targets.map((t) => t.path)).toEqual(['/etc/courier/userdb.ms1', '/etc/courier/userdb.ms2', '/etc/perdition/popmap.db'])
})

test('sends the key nowhere in clear text', async () => {
  for (const unsafe of ['http://192.0.2.1', 'muster.example.net', 'rsync+ssh://muster.example.net']) {
    await expect(enroll({ ...options(), api: unsafe })).rejects.toMatchObject({ exitCode: 2, code: 'usage' })
  }
})
