import { domainOf, parseAddress, parsePasswordHash } from '@muster/domain'
import { expect, test } from 'vitest'
import { makeSite } from './site.js'

const site = makeSite({ mailboxes: 50_000 })
const rows = [...site.pages()].flat()

test('a site has as many mailboxes as asked for, each with an address of its own', () => {
  expect(rows).toHaveLength(50_000)
  expect(new Set(rows.map((r) => r.address)).size).toBe(50_000)
  expect(() => site.mailbox(50_000)).toThrow(RangeError)
})

test('domains are all different, at a size that needs every combination of words more than once', () => {
  const { domains } = makeSite({ mailboxes: 500_000 })
  expect(new Set(domains.map((d) => d.domain)).size).toBe(domains.length)
  expect(domains.length).toBeGreaterThan(30_000)
})

test('the directory takes every address and every hash', () => {
  expect(rows.filter(({ address }) => !parseAddress(address).ok)).toEqual([])
  const hashes = rows.flatMap(({ argon2id, crypt }) => [argon2id, crypt]).filter((hash) => hash !== null)
  expect(hashes.filter((hash) => !parsePasswordHash(hash).ok)).toEqual([])
  expect(hashes.length).toBeGreaterThan(rows.length)
})

test('the same seed gives the same site, another seed another', () => {
  expect(makeSite({ mailboxes: 50_000 }).mailbox(123)).toEqual(site.mailbox(123))
  expect(makeSite({ mailboxes: 50_000, seed: 2 }).mailbox(123).address).not.toBe(site.mailbox(123).address)
  expect(site.mailbox(0).address).toMatchInlineSnapshot(`"chen.fontaine64@lakenet.test"`)
})

test('it looks like a provider: half of the mailboxes in its own domains, most domains tiny', () => {
  const own = new Set(site.domains.filter((d) => d.own).map((d) => d.domain))
  const share = rows.filter((r) => own.has(domainOf(r.address))).length / rows.length
  expect(share).toBeCloseTo(0.55, 1)
  const sizes = site.domains.map((d) => d.size).sort((a, b) => a - b)
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(2)
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(50_000)
})
