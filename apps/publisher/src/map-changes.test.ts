import type { Address } from '@muster/domain'
import type { MailboxRow } from '@muster/maps'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planMapChanges } from './map-changes.js'
import { parsePublishedMap, planMapSet, publishedMap } from './map-set.js'

const localparts = ['a', 'b', 'c', 'd', 'e'] as const
const anyRow = fc.record({
  mailstore: fc.constantFrom('ms1', 'ms2'),
  status: fc.constantFrom('active' as const, 'suspended' as const, 'closed' as const),
  quotaBytes: fc.option(fc.integer({ min: 1 })),
})
/** A site: each address has a row or none. */
const anySite = fc.record(Object.fromEntries(localparts.map((name) => [name, fc.option(anyRow)])))
type Site = Record<string, { mailstore: string; status: MailboxRow['status']; quotaBytes: number | null } | null>

const addressOf = (localpart: string): Address => `${localpart}@example.net` as Address

function rowsOf(site: Site): MailboxRow[] {
  return Object.entries(site).flatMap(([localpart, row]) =>
    row === null
      ? []
      : [
          {
            ...row,
            mailboxId: localpart,
            address: addressOf(localpart),
            mailstoreHost: `${row.mailstore}.example.net`,
            mailstorePort: null,
            home: `/${row.mailstore}/${localpart}`,
            maildir: `/${row.mailstore}/${localpart}/Maildir`,
            uid: 5000,
            gid: 5000,
            quotaMessages: null,
            services: ['imap', 'pop3', 'smtp'],
            name: null,
            argon2id: null,
            crypt: '$6$salt$hash',
          },
        ],
  )
}

const maps = planMapSet(['ms1', 'ms2']).map((ref) => publishedMap('/publish', ref))

function render(map: (typeof maps)[number], site: Site): Map<string, string> {
  const rows = rowsOf(site).filter((row) => map.ref.mailstore === null || row.mailstore === map.ref.mailstore)
  return new Map(rows.flatMap((row) => map.kind.entriesOf(row)).map((entry) => [entry.key, entry.line]))
}

test('what a site had, with the changes applied, is a fresh render of what it has now', () => {
  fc.assert(
    fc.property(anySite, anySite, fc.boolean(), (before, after, twice) => {
      const mailboxes = new Map(localparts.map((name) => [addressOf(name), before[name] == null ? [] : [before[name].mailstore]]))
      const rows = new Map(rowsOf(after).map((row) => [row.address, row]))
      for (const map of maps) {
        const content = render(map, before)
        for (let times = twice ? 2 : 1; times > 0; times--) {
          for (const [key, line] of planMapChanges(map, mailboxes, rows)) {
            if (line === null) content.delete(key)
            else content.set(key, line)
          }
        }
        expect([map.name, [...content].sort()]).toEqual([map.name, [...render(map, after)].sort()])
      }
    }),
  )
})

test('a mailbox is no concern of a mailstore it is not on and was not on', () => {
  const map = publishedMap('/publish', { kind: 'userdb', mailstore: 'ms2' })
  const rows = new Map(rowsOf({ a: { mailstore: 'ms1', status: 'active', quotaBytes: null } }).map((row) => [row.address, row]))
  expect(planMapChanges(map, new Map([[addressOf('a'), ['ms1']]]), rows)).toEqual(new Map())
  expect(planMapChanges(map, new Map([[addressOf('a'), ['ms2']]]), rows)).toEqual(new Map([[addressOf('a'), null]]))
})

test('there is a map of each kind for all mailstores, and for each mailstore those that its hosts need', () => {
  expect(maps.map((map) => map.name)).toEqual([
    'dovecot-passwd',
    'dovecot-passwd@ms1',
    'dovecot-passwd@ms2',
    'popmap',
    'userdb',
    'userdb@ms1',
    'userdb@ms2',
  ])
})

test.each(['..', 'userdb@../x', 'userdb@', 'userdb@a@b', 'rsyncd', 'secrets', '', 'userdb@ms1/', 'popmap\0'])(
  '%j is no name of a map',
  (name) => {
    expect(parsePublishedMap('/publish', name)).toBeNull()
  },
)
