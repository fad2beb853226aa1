import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The password of every mailbox of a made site, and its hash as crypt(3) has it: cheap, and the same for all. */
export const SITE_PASSWORD = 'imported secret'
const HASH = '$6$rounds=1000$muster$3beINwdzHGM6afp99pC7kB6XIDj4OSWAYjbd8O18vEPeM/9GWEWZek6q1gq1tw3I82JLAYB7rC2zW3pL2FdKc/'

/** Who owns Maildirs: an account that the machine does not have, or who runs the test. */
const asRoot = process.getuid?.() === 0
export const OWNER = asRoot ? { uid: 5000, gid: 5000 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

export interface SiteStore {
  readonly name: string
  readonly root: string
  /** `host` or `host:port`, as its popmap has it. */
  readonly target: string
}

export interface SiteMailbox {
  readonly address: string
  readonly store: SiteStore
  readonly home: string
}

export interface Site {
  readonly mailboxes: readonly SiteMailbox[]
  /** The folder of userdb files. */
  readonly userdb: string
  readonly popmap: string
}

/**
 * Writes what a site of today runs on: a userdb file for each store and one popmap. Some names come without their domain, in other
 * lines than in the other file, there are comments, and a line goes on in the next.
 */
export function writeSite(folder: string, domain: string, stores: readonly SiteStore[], count: number): Site {
  const userdb = join(folder, 'userdb')
  const popmap = join(folder, 'popmap')
  mkdirSync(userdb, { recursive: true })
  const mailboxes = Array.from({ length: count }, (_, i) => mailboxOf(i, domain, stores[i % stores.length] as SiteStore))
  const name = (mailbox: SiteMailbox, short: boolean) => (short ? mailbox.address.replace(`@${domain}`, '') : mailbox.address)
  for (const store of stores) {
    const lines = mailboxes
      .filter((mailbox) => mailbox.store === store)
      .map((mailbox, i) => userdbLine(mailbox, name(mailbox, i % 2 === 0), i))
    writeFileSync(join(userdb, store.name), `# accounts of ${store.name}\n\n${lines.join('')}`, { mode: 0o600 })
  }
  const routes = mailboxes.map((mailbox, i) => `${name(mailbox, i % 3 === 0)}:${mailbox.store.target}\n`)
  writeFileSync(popmap, `# who is where\n${routes.toReversed().join('')}`)
  return { mailboxes, userdb, popmap }
}

function mailboxOf(i: number, domain: string, store: SiteStore): SiteMailbox {
  const user = `user${String(i).padStart(5, '0')}`
  const level = (n: number) => String(n % 100).padStart(2, '0')
  return { address: `${user}@${domain}`, store, home: `${store.root}/${level(i)}/${level(i * 7)}/${user}` }
}

function userdbLine({ home }: SiteMailbox, name: string, i: number): string {
  const { uid, gid } = OWNER
  const quota = i % 4 === 0 ? '|quota=100000000S' : ''
  const breakHere = i % 50 === 0 ? '\\\n    ' : ''
  return `${name}\tuid=${uid}|gid=${gid}|home=${home}|mail=${home}/Maildir${quota}|${breakHere}systempw=${HASH}\n`
}

/** Makes a Maildir with one message, whose subject tells where it lies. */
export function seedMaildir(home: string, subject: string): void {
  const maildir = join(home, 'Maildir')
  for (const folder of [home, maildir, join(maildir, 'cur'), join(maildir, 'new'), join(maildir, 'tmp')]) {
    mkdirSync(folder, { recursive: true })
    if (asRoot) chownSync(folder, OWNER.uid, OWNER.gid)
  }
  const message = join(maildir, 'new', '1700000000.seed.muster')
  writeFileSync(message, `Subject: ${subject}\n\nHello.\n`)
  if (asRoot) chownSync(message, OWNER.uid, OWNER.gid)
}
