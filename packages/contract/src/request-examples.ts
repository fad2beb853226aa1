import { PasswordHash } from './mailbox.js'

export interface RequestExample {
  readonly summary: string
  readonly value: Readonly<Record<string, unknown>>
}

const importedHash = (PasswordHash as { examples?: string[] }).examples?.[0]
const IMPORT_ITEMS = [
  { address: 'anna@example.net', passwordHash: importedHash, mailstore: 'ms1', quotaBytes: 1_000_000_000 },
  { address: 'ben@example.net', passwordHash: importedHash, home: '/mail1/12/34/ben', maildir: '/mail1/12/34/ben' },
]

/**
 * Bodies that work as they stand, by the `$id` of their schema: on a fresh directory when sent in this order with the ids of the
 * path examples (C-1001, example.net, tevie@example.net, ms1, pop1). The first is what the console fills in.
 */
export const REQUEST_EXAMPLES: Readonly<Record<string, Readonly<Record<string, RequestExample>>>> = {
  PutCustomer: { customer: { summary: 'A customer', value: { name: 'Example Ltd' } } },
  PatchCustomer: { name: { summary: 'Another name', value: { name: 'Example International Ltd' } } },
  PutMailstore: {
    minimal: { summary: 'A mailstore', value: { host: '127.0.0.11', root: '/mail1' } },
    full: {
      summary: 'With everything said',
      value: { host: '127.0.0.11', port: 1110, root: '/mail1', uid: 5000, gid: 5000, state: 'open' },
    },
  },
  PatchMailstore: {
    drain: { summary: 'Take no new mailboxes', value: { state: 'draining' } },
    open: { summary: 'Take them again', value: { state: 'open' } },
  },
  PutDomain: { domain: { summary: 'A domain of a customer', value: { customerId: 'C-1001' } } },
  CreateMailbox: {
    minimal: { summary: 'Placed by the directory', value: { address: 'tevie@example.net', password: 'correct horse battery staple' } },
    full: {
      summary: 'With a quota, a name and a mailstore',
      value: {
        address: 'abigail@example.net',
        password: 'correct horse battery staple',
        mailstore: 'ms1',
        quotaBytes: 1_000_000_000,
        quotaMessages: null,
        services: ['imap', 'smtp'],
        name: 'Abigail Moriarty',
      },
    },
    importedHash: {
      summary: 'With a hash and a Maildir brought from elsewhere',
      value: {
        address: 'carol@example.net',
        passwordHash: importedHash,
        home: '/mail1/56/78/carol',
        maildir: '/mail1/56/78/carol',
        quotaBytes: null,
      },
    },
  },
  PatchMailbox: {
    quota: { summary: 'Another quota', value: { quotaBytes: 1_000_000 } },
    unlimited: { summary: 'No quota', value: { quotaBytes: null } },
    password: { summary: 'Another password', value: { password: 'staple battery horse correct' } },
  },
  CheckPassword: { check: { summary: 'Is this the password?', value: { password: 'correct horse battery staple' } } },
  PutHost: {
    proxy: { summary: 'A POP3 and IMAP proxy', value: { roles: ['proxy'] } },
    mailstore: { summary: 'A mailstore host', value: { roles: ['mailstore'], mailstores: ['ms1'] } },
  },
  PatchHost: { roles: { summary: 'Another role as well', value: { roles: ['proxy', 'webmail'] } } },
  AgentReports: {
    effective: {
      summary: 'All went well',
      value: {
        reports: [
          {
            map: 'popmap',
            cursor: '1-1-9f3ca1b2c3d4e5f6',
            root: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
            level: 'effective',
          },
        ],
      },
    },
    failed: {
      summary: 'A step failed',
      value: { reports: [{ map: 'popmap', cursor: null, root: null, level: 'staged', failedStep: 'pull', reason: 'The disk is full.' }] },
    },
  },
  CreateKey: {
    admin: { summary: 'For the billing system', value: { name: 'billing', role: 'admin' } },
    auditor: { summary: 'To read along, for a time', value: { name: 'audit', role: 'auditor', expiresAt: '2099-12-31T23:59:59Z' } },
    host: { summary: 'For the agent on a host', value: { name: 'agent on pop1', role: 'host', host: 'pop1' } },
  },
  ImportMailboxes: {
    trial: { summary: 'What would happen', value: { customerId: 'C-1001', dryRun: true, items: IMPORT_ITEMS } },
    real: { summary: 'Do it', value: { customerId: 'C-1001', items: IMPORT_ITEMS } },
  },
}
