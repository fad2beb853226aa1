import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '@muster/domain'
import { EXIT_CODES } from '@muster/mapsync'
import {
  COURIER_POP3_TOOLS,
  DOVECOT_TOOLS,
  describeWithTools,
  freePort,
  makeTemporaryFolder,
  openPop3,
  PERDITION_TOOLS,
  startCourierPop3,
  startDaemonProcess,
  startDovecot,
  startPerdition,
  toolPath,
  tryPop3Login,
  type DaemonProcess,
  type Listen,
} from '@muster/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startControlPlane, type ControlPlane } from './control-plane.js'
import { enrolHost, requireExit, type MailHost } from './mail-host.js'
import { seedMaildir, SITE_PASSWORD, writeSite, type Site, type SiteMailbox, type SiteStore } from './site.js'

/**
 * The whole line, with nothing in it that is not real: a site is imported, its mailboxes log in through a POP3 proxy, and whatever the
 * directory changes shows there at the next sync.
 *
 * Each machine of the cluster is an address of the loopback network and a folder; ports are whichever are free.
 *
 *     127.0.0.1    control plane   `muster serve` with its own PostgreSQL, and a rsyncd for each host with the modules of that host alone
 *     127.0.0.10   host pop1       Perdition on etc/perdition/popmap.db; this is what the POP3 client talks to
 *     127.0.0.11   host ms1        Courier POP3 on etc/courier/userdb.dat and userdbshadow.dat; Maildirs below mail1
 *     127.0.0.12   host ms2        Dovecot on etc/dovecot/users; Maildirs below mail2
 *
 * ms1 has no port in the directory, so that Perdition's own default leads there; ms2 has one. The hosts never talk to the control plane
 * except through rsync and, for their reports, HTTP. A Maildir holds one message that tells where it lies.
 */
const MAILBOXES = 5_000
const DOMAIN = 'example.net'
const TOOLS = [...PERDITION_TOOLS, ...COURIER_POP3_TOOLS, ...DOVECOT_TOOLS, 'rsync', 'libgdbm'] as const

const folders = { control: '', pop1: '', ms1: '', ms2: '' }
let ports: { pop1: number; ms1: number; ms2: number }
let stores: { ms1: SiteStore; ms2: SiteStore }
let site: Site
let control: ControlPlane
/** The revision that completed the import. */
let importedAt: number
let hosts: { pop1: MailHost; ms1: MailHost; ms2: MailHost }
let proxy: Listen
const rsyncds: DaemonProcess[] = []
const running: { stop(): Promise<unknown> }[] = []

/** Set over REST, in place of what was imported. */
const NEW_PASSWORD = 'set over REST'

const makeFolder = (name: string) => makeTemporaryFolder(`muster-story-${name}-`)

function keep<T extends { stop(): Promise<unknown> }>(started: T): T {
  running.push(started)
  return started
}

/** A host of the cluster, and a rsyncd on the control plane with the modules of that host alone. */
async function makeHost(name: keyof typeof hosts, role: Role): Promise<MailHost> {
  const port = await freePort('127.0.0.1')
  const request = { name, folder: folders[name], role, source: `rsync://127.0.0.1:${port}` }
  const host = await enrolHost(control, role === 'mailstore' ? { ...request, mailstore: name } : request)
  await control.published((await control.client.hosts.get(name))?.revision ?? 0)
  const config = join(control.publishDir, 'rsyncd', `${name}.conf`)
  const args = ['--daemon', '--no-detach', `--config=${config}`, '--address=127.0.0.1', `--port=${port}`]
  rsyncds.push(keep(await startDaemonProcess(toolPath('rsync'), args, [{ host: '127.0.0.1', port }])))
  return host
}

/** What cron does on every host, once a revision is published. The API then knows that all have it, whichever maps it touched. */
async function syncAll(revision: number): Promise<void> {
  await control.published(revision)
  for (const host of Object.values(hosts)) requireExit(await host.sync(), 0)
  const { reached, of } = await control.client.revisions.get(revision, { level: 'effective' })
  expect(of).toBeGreaterThan(0)
  expect(reached).toBe(of)
}

function logIn(address: string, password: string) {
  return tryPop3Login(proxy, address, password)
}

/** What a login on the right mailstore looks like from outside. */
const on = (store: SiteStore) => ({ ok: true, messages: 1, firstMessage: [`Subject: on ${store.name}`, '', 'Hello.'] })
const REFUSED = { ok: false }

/** The nth mailbox that was imported to a mailstore, with a Maildir there. */
function mailboxOn(store: SiteStore, n: number): SiteMailbox {
  return site.mailboxes.filter((mailbox) => mailbox.store === store)[n] as SiteMailbox
}

describeWithTools('the whole line', TOOLS, () => {
  beforeAll(async () => {
    folders.control = await makeFolder('control')
    for (const name of ['pop1', 'ms1', 'ms2'] as const) folders[name] = await makeFolder(name)
    ports = { pop1: await freePort('127.0.0.10'), ms1: await freePort('127.0.0.11'), ms2: await freePort('127.0.0.12') }
    stores = {
      ms1: { name: 'ms1', root: join(folders.ms1, 'mail1'), target: '127.0.0.11' },
      ms2: { name: 'ms2', root: join(folders.ms2, 'mail2'), target: `127.0.0.12:${ports.ms2}` },
    }
    proxy = { host: '127.0.0.10', port: ports.pop1 }
    control = keep(await startControlPlane(folders.control))
    await control.client.customers.put('C-1001', { name: 'Example Ltd' })
    await control.client.mailstores.put('ms1', { host: '127.0.0.11', root: stores.ms1.root })
    await control.client.mailstores.put('ms2', { host: '127.0.0.12', port: ports.ms2, root: stores.ms2.root })
    await control.client.domains.put(DOMAIN, { customerId: 'C-1001' })
    site = writeSite(join(folders.control, 'site'), DOMAIN, Object.values(stores), MAILBOXES)
    for (const store of Object.values(stores)) {
      for (const n of [0, 1, 2, 3]) seedMaildir(mailboxOn(store, n).home, `on ${store.name}`)
    }
  })

  afterAll(async () => {
    for (const one of running.toReversed()) await one.stop()
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  test('a site of 5,000 mailboxes on two mailstores is imported by one command', async () => {
    const files = ['--userdb', site.userdb, '--popmap', site.popmap]
    const imported = await control.run('import', ...files, '--customer', 'C-1001', '--domain', DOMAIN, '--json')
    requireExit(imported, 0)
    const summary = JSON.parse(imported.stdout) as { revision: number }
    expect(summary).toMatchObject({ applied: true, created: MAILBOXES, bad: [] })
    importedAt = summary.revision
  })

  test('three hosts are enrolled, fetch their maps by rsync and compile them; their daemons start on these', async () => {
    hosts = { pop1: await makeHost('pop1', 'proxy'), ms1: await makeHost('ms1', 'mailstore'), ms2: await makeHost('ms2', 'mailstore') }
    await syncAll(importedAt)
    keep(await startCourierPop3({ etcDir: hosts.ms1.at('/etc/courier'), listen: { host: '127.0.0.11', port: ports.ms1 } }))
    keep(await startDovecot({ passwdFile: hosts.ms2.at('/etc/dovecot/users'), host: '127.0.0.12', ports: { pop3: ports.ms2 } }))
    keep(await startPerdition({ map: hosts.pop1.at('/etc/perdition/popmap.db'), listen: proxy, outgoingPort: ports.ms1 }))
    expect((await openPop3(proxy)).greeting).toMatch(/^\+OK /)
  })

  test('an imported mailbox logs in with the password that it had, and lands on its own mailstore', async () => {
    for (const store of Object.values(stores)) {
      expect(await logIn(mailboxOn(store, 0).address, SITE_PASSWORD)).toMatchObject(on(store))
    }
  })

  test('a wrong password, a mailbox that is not there, and a name without a domain are refused', async () => {
    expect(await logIn(mailboxOn(stores.ms1, 0).address, 'wrong')).toMatchObject(REFUSED)
    expect(await logIn(mailboxOn(stores.ms2, 0).address, 'wrong')).toMatchObject(REFUSED)
    expect(await logIn(`nobody@${DOMAIN}`, SITE_PASSWORD)).toMatchObject(REFUSED)
    expect(await logIn('user00000', SITE_PASSWORD)).toMatchObject(REFUSED)
  })

  test('a password set over REST holds from the next sync, and the old one until then', async () => {
    for (const store of Object.values(stores)) {
      const { address } = mailboxOn(store, 0)
      const { revision } = await control.client.mailboxes.patch(address, { password: NEW_PASSWORD })
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(on(store))
      await syncAll(revision)
      expect(await logIn(address, NEW_PASSWORD)).toMatchObject(on(store))
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(REFUSED)
    }
  })

  test('a suspended mailbox is shut out from the next sync, a resumed one let in again, and its mail is kept', async () => {
    for (const store of Object.values(stores)) {
      const { address } = mailboxOn(store, 1)
      const suspended = await control.client.mailboxes.suspend(address)
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(on(store))
      await syncAll(suspended.revision)
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(REFUSED)
      await syncAll((await control.client.mailboxes.resume(address)).revision)
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(on(store))
    }
  })

  test('a new mailbox logs in from the next sync', async () => {
    for (const store of Object.values(stores)) {
      const address = `tevie.${store.name}@${DOMAIN}`
      const { home, revision } = await control.client.mailboxes.create({ address, password: NEW_PASSWORD, mailstore: store.name })
      seedMaildir(home, `on ${store.name}`)
      expect(await logIn(address, NEW_PASSWORD)).toMatchObject(REFUSED)
      await syncAll(revision)
      expect(await logIn(address, NEW_PASSWORD)).toMatchObject(on(store))
    }
  })

  test('a deleted mailbox is gone from the next sync, and its neighbours are not', async () => {
    for (const store of Object.values(stores)) {
      const { address } = mailboxOn(store, 2)
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(on(store))
      const { revision } = await control.client.mailboxes.delete(address)
      await syncAll(revision)
      expect(await logIn(address, SITE_PASSWORD)).toMatchObject(REFUSED)
      expect(await logIn(mailboxOn(store, 3).address, SITE_PASSWORD)).toMatchObject(on(store))
    }
  })

  test('a suspended customer shuts out every mailbox of both mailstores, and resuming does not free one suspended for itself', async () => {
    const { address } = mailboxOn(stores.ms1, 1)
    await control.client.mailboxes.suspend(address)
    const suspended = await control.client.customers.suspend('C-1001')
    expect(suspended.affectedMailboxes).toBeGreaterThanOrEqual(MAILBOXES - 2)
    await syncAll(suspended.revision)
    for (const store of Object.values(stores)) expect(await logIn(mailboxOn(store, 3).address, SITE_PASSWORD)).toMatchObject(REFUSED)
    await syncAll((await control.client.customers.resume('C-1001')).revision)
    for (const store of Object.values(stores)) expect(await logIn(mailboxOn(store, 3).address, SITE_PASSWORD)).toMatchObject(on(store))
    expect(await logIn(address, SITE_PASSWORD)).toMatchObject(REFUSED)
  })

  describe('with the control plane stopped', () => {
    async function expectLoginsAsBefore(): Promise<void> {
      for (const store of Object.values(stores)) {
        expect(await logIn(mailboxOn(store, 0).address, NEW_PASSWORD)).toMatchObject(on(store))
        expect(await logIn(mailboxOn(store, 3).address, SITE_PASSWORD)).toMatchObject(on(store))
        expect(await logIn(mailboxOn(store, 2).address, SITE_PASSWORD)).toMatchObject(REFUSED)
      }
    }

    test('logins go on as before', async () => {
      expect(await control.stop()).toBe(0)
      await expectLoginsAsBefore()
    })

    test('and after syncs that cannot report', async () => {
      for (const host of Object.values(hosts)) expect(await host.sync()).toMatchObject({ exit: EXIT_CODES.report_failed })
      await expectLoginsAsBefore()
    })

    test('and after syncs that find no source', async () => {
      for (const rsyncd of rsyncds) await rsyncd.stop()
      for (const host of Object.values(hosts)) expect(await host.sync()).toMatchObject({ exit: EXIT_CODES.source_unreachable })
      await expectLoginsAsBefore()
    })
  })
})
