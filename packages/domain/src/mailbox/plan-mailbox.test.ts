import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Address } from '../address/parse-address.js'
import { MAILSTORE_STATES } from '../mailstore/types.js'
import { planHomePath } from './plan-home.js'
import { MAILBOX_REFUSALS, planMailbox, type MailboxFacts, type MailboxRequest, type MailstoreFacts } from './plan-mailbox.js'

const address = 'tevie@example.net' as Address
const request: MailboxRequest = {
  address,
  hashes: { argon2id: null, crypt: null },
  quotaBytes: 1_000_000,
  quotaMessages: null,
  services: ['imap', 'pop3', 'smtp'],
  name: null,
  state: 'active',
}

function store(name: string, more: Partial<MailstoreFacts> = {}): MailstoreFacts {
  return { name, root: `/${name}`, uid: 5000, gid: 5001, state: 'open', mailboxes: 0, ...more }
}

function facts(more: Partial<MailboxFacts> = {}): MailboxFacts {
  return {
    domain: { customerId: 'C-1', status: 'active' },
    addressInUse: false,
    quarantinedFor: null,
    mailstores: [store('ms1')],
    ...more,
  }
}

describe('who may have the address', () => {
  test.each([
    { why: 'the domain is not in the directory', more: { domain: null }, code: 'domain_not_found', subject: 'example.net' },
    {
      why: 'the domain is closed',
      more: { domain: { customerId: 'C-1', status: 'closed' } },
      code: 'domain_closed',
      subject: 'example.net',
    },
    { why: 'the address is in use', more: { addressInUse: true }, code: 'address_in_use', subject: address },
    { why: "it was another customer's until lately", more: { quarantinedFor: 'C-2' }, code: 'address_quarantined', subject: address },
  ] satisfies { why: string; more: Partial<MailboxFacts>; code: string; subject: string }[])(
    'refused when $why',
    ({ more, code, subject }) => {
      expect(planMailbox(request, facts(more))).toMatchObject({ ok: false, code, subject, detail: expect.stringMatching(/\.$/) })
    },
  )

  test('the customer that had it last may have it again at once', () => {
    expect(planMailbox(request, facts({ quarantinedFor: 'C-1' }))).toMatchObject({ ok: true, value: { customerId: 'C-1' } })
  })

  test('a suspended domain still gets mailboxes, since it still accepts mail', () => {
    expect(planMailbox(request, facts({ domain: { customerId: 'C-1', status: 'suspended' } }))).toMatchObject({ ok: true })
  })
})

describe('which mailstore holds it', () => {
  test('the open one with the fewest mailboxes', () => {
    const mailstores = [store('ms1', { mailboxes: 9 }), store('ms2', { mailboxes: 3, state: 'draining' }), store('ms3', { mailboxes: 5 })]
    expect(planMailbox(request, facts({ mailstores }))).toMatchObject({ ok: true, value: { mailstore: 'ms3' } })
  })

  test('ties go to the lower name, in whatever order the facts come', () => {
    const mailstores = [store('ms2'), store('ms10'), store('ms1')]
    expect(planMailbox(request, facts({ mailstores }))).toMatchObject({ ok: true, value: { mailstore: 'ms1' } })
    expect(planMailbox(request, facts({ mailstores: mailstores.toReversed() }))).toMatchObject({ ok: true, value: { mailstore: 'ms1' } })
  })

  test('the one that was asked for, though another has more room', () => {
    const mailstores = [store('ms1', { mailboxes: 9 }), store('ms2')]
    expect(planMailbox({ ...request, mailstore: 'ms1' }, facts({ mailstores }))).toMatchObject({ ok: true, value: { mailstore: 'ms1' } })
  })

  test.each(['draining', 'offline', 'retired'] as const)('not one that is %s', (state) => {
    const mailstores = [store('ms1', { state })]
    expect(planMailbox({ ...request, mailstore: 'ms1' }, facts({ mailstores }))).toMatchObject({ ok: false, code: 'mailstore_not_open' })
    expect(planMailbox(request, facts({ mailstores }))).toMatchObject({ ok: false, code: 'no_mailstore_capacity' })
  })

  test('not one that nobody has put', () => {
    expect(planMailbox({ ...request, mailstore: 'ms9' }, facts())).toMatchObject({ ok: false, code: 'mailstore_not_found', subject: 'ms9' })
    expect(planMailbox(request, facts({ mailstores: [] }))).toMatchObject({ ok: false, code: 'no_mailstore_capacity' })
  })

  test('the one whose root an explicit home lies below', () => {
    const mailstores = [store('ms1', { root: '/mail1' }), store('ms10', { root: '/mail10', mailboxes: 9 })]
    const planned = planMailbox({ ...request, home: '/mail10/12/34/tevie' }, facts({ mailstores }))
    expect(planned).toMatchObject({ ok: true, value: { mailstore: 'ms10', homePath: '12/34/tevie', maildirPath: 'Maildir' } })
  })
})

test('of mailstores whose roots lie in one another, an explicit home belongs to the innermost', () => {
  const mailstores = [store('ms1', { root: '/mail' }), store('ms2', { root: '/mail/fast', mailboxes: 9 })]
  const planned = planMailbox({ ...request, home: '/mail/fast/tevie' }, facts({ mailstores }))
  expect(planned).toMatchObject({ ok: true, value: { mailstore: 'ms2', homePath: 'tevie' } })
})

describe('where its mail lies', () => {
  test('in a hashed home below the root, and in Maildir below that, owned as the mailstore says', () => {
    expect(planMailbox(request, facts())).toMatchObject({
      ok: true,
      value: { homePath: planHomePath(address), maildirPath: 'Maildir', uid: 5000, gid: 5001 },
    })
  })

  test('owned by another uid or gid where one was asked for', () => {
    expect(planMailbox({ ...request, uid: 6000, gid: 6001 }, facts())).toMatchObject({ ok: true, value: { uid: 6000, gid: 6001 } })
  })

  test('the home itself may be the Maildir', () => {
    const planned = planMailbox({ ...request, home: '/ms1/tevie', maildir: '/ms1/tevie' }, facts())
    expect(planned).toMatchObject({ ok: true, value: { homePath: 'tevie', maildirPath: '' } })
  })

  test.each([
    { home: '/elsewhere/tevie', mailstore: 'ms1' },
    { home: '/ms1', mailstore: 'ms1' },
    { home: '/ms10/tevie', mailstore: 'ms1' },
    { home: '/ms1/tevie', maildir: '/ms1/golde/Maildir' },
    { home: '/ms1/tevie', maildir: '/ms1/tevie2' },
    { maildir: '/ms1/golde' },
  ])('never outside the root or the home: $home $maildir', (where) => {
    expect(planMailbox({ ...request, ...where }, facts())).toMatchObject({ ok: false, code: 'path_outside_root' })
  })
})

test('a plan keeps what was asked for and names only a mailstore that is open; a refusal is one of the list', () => {
  const mailstore = fc.record({
    name: fc.constantFrom('ms1', 'ms2', 'ms3'),
    state: fc.constantFrom(...MAILSTORE_STATES),
    mailboxes: fc.nat(5),
  })
  const mailstores = fc.uniqueArray(mailstore, { selector: (m) => m.name }).map((all) => all.map((m) => store(m.name, m)))
  const wish = fc.record({ mailstore: fc.constantFrom('ms1', 'ms4'), home: fc.constantFrom('/ms1/x', '/x') }, { requiredKeys: [] })
  fc.assert(
    fc.property(mailstores, wish, fc.boolean(), (stores, more, addressInUse) => {
      const outcome = planMailbox({ ...request, ...more }, facts({ mailstores: stores, addressInUse }))
      expect([null, ...MAILBOX_REFUSALS]).toContain(outcome.ok ? null : outcome.code)
      fc.pre(outcome.ok)
      const { home: _home, mailstore: _mailstore, ...asked } = { ...request, ...more }
      expect(outcome.value).toMatchObject(asked)
      expect(stores.find((m) => m.name === outcome.value.mailstore)?.state).toBe('open')
      expect(addressInUse).toBe(false)
    }),
  )
})
