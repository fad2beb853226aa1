import { relative } from 'node:path'
import type { Address, Directory, DomainName } from '@muster/domain'
import { adminKeyFile } from '../data-folder.js'

export interface Welcome {
  readonly url: string
  readonly console: string
  readonly adminKeyFile: string
  /** Null without a local host. */
  readonly compiledDir: string | null
  /** Command lines to try, which work one after another as they stand, on a fresh directory and on later starts. */
  readonly tryThese: readonly string[]
}

const CUSTOMER = 'C-1001'
const DOMAIN = 'example.net' as DomainName
const MAILBOX = 'tevie@example.net' as Address

export interface WelcomeFacts {
  readonly url: string
  readonly dataDir: string
  readonly compiledDir: string | null
  readonly directory: Directory
}

export async function planWelcome({ url, dataDir, compiledDir, directory }: WelcomeFacts): Promise<Welcome> {
  const keyFile = shortPath(adminKeyFile(dataDir))
  const call = (method: string, path: string, body: unknown) =>
    `curl -sS -X ${method} ${url}${path} -H "Authorization: Bearer $(cat ${quoted(keyFile)})" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`
  const known = await directory.getMailbox(MAILBOX)
  return {
    url,
    console: `${url}/docs`,
    adminKeyFile: keyFile,
    compiledDir: compiledDir === null ? null : shortPath(compiledDir),
    tryThese: [
      call('PUT', `/v1/customers/${CUSTOMER}`, { name: 'Example Ltd' }),
      call('PUT', `/v1/domains/${DOMAIN}`, { customerId: CUSTOMER }),
      known === null
        ? call('POST', '/v1/mailboxes', { address: MAILBOX, password: 'correct horse battery staple' })
        : call('PATCH', `/v1/mailboxes/${MAILBOX}`, { quotaBytes: 1_000_000_000 }),
    ],
  }
}

export function renderWelcome(welcome: Welcome): string {
  const maps = welcome.compiledDir === null ? [] : [`  compiled maps  ${welcome.compiledDir}/ (this machine is host local)`]
  return [
    '',
    'Muster is ready.',
    `  console        ${welcome.console}`,
    `  admin key      ${welcome.adminKeyFile}`,
    ...maps,
    '',
    'Three lines to try:',
    ...welcome.tryThese.map((line) => `  ${line}`),
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}

/** Relative where that is shorter, so that what is printed can be read and typed. */
function shortPath(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') || near === '' ? path : near
}

/** For use inside double quotes of a shell, within $(...). */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
