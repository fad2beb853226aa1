import { accept, refuse, type Outcome } from '@muster/domain'

/** Where published trees are fetched from. */
export type SourceAddress = PathAddress | RsyncAddress | HttpAddress

/** A publish folder on this machine, or mounted on it. */
export interface PathAddress {
  readonly kind: 'path'
  readonly folder: string
}

/** A host's rsync modules: one a map, named as the map, and `head`. */
export interface RsyncAddress {
  readonly kind: 'rsync'
  readonly ssh: boolean
  readonly user: string | null
  /** As in a URL: an IPv6 address has its brackets. */
  readonly host: string
  readonly port: number | null
}

/** The publisher's HTTP routes. */
export interface HttpAddress {
  readonly kind: 'http'
  readonly baseUrl: string
}

const FORMS = 'rsync+ssh://USER@HOST[:PORT], https://HOST, rsync://HOST[:PORT] or an absolute path'

export function parseSource(text: string): Outcome<SourceAddress, 'source_invalid'> {
  const bad = (detail: string) => refuse('source_invalid' as const, text, detail)
  if (text.startsWith('/')) return accept({ kind: 'path', folder: text.length > 1 ? text.replace(/\/+$/, '') : text })
  if (!URL.canParse(text)) return bad(`Give ${FORMS}.`)
  const url = new URL(text)
  if (url.password !== '')
    return bad('A password does not belong into a URL that shows in process lists; use an ssh key or the token file.')
  if (url.hostname === '') return bad(`Give ${FORMS}.`)
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    if (url.protocol === 'http:' && !isLoopback(url.hostname)) return bad('Plain http:// is for loopback only; use https://.')
    return accept({ kind: 'http', baseUrl: text.replace(/\/+$/, '') })
  }
  if (url.protocol !== 'rsync:' && url.protocol !== 'rsync+ssh:') return bad(`Give ${FORMS}.`)
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    return bad('The modules are named after the maps: give no path after the host.')
  if (/^-|[^\w.:[\]-]/.test(url.hostname) || /^-|[^\w.-]/.test(url.username)) return bad('The host or user has a character that none has.')
  const ssh = url.protocol === 'rsync+ssh:'
  if (!ssh && url.username !== '') return bad('rsync:// modules take no user; use rsync+ssh:// or https://.')
  return accept({
    kind: 'rsync',
    ssh,
    user: url.username === '' ? null : url.username,
    host: url.hostname,
    port: url.port === '' ? null : Number(url.port),
  })
}

export function renderSource(source: SourceAddress): string {
  if (source.kind === 'path') return source.folder
  if (source.kind === 'http') return source.baseUrl
  const user = source.user === null ? '' : `${source.user}@`
  return `${source.ssh ? 'rsync+ssh' : 'rsync'}://${user}${source.host}${source.port === null ? '' : `:${source.port}`}`
}

/** Whether password hashes may come this way: encrypted, or without leaving the machine. */
export function carriesSecrets(source: SourceAddress): boolean {
  return source.kind !== 'rsync' || source.ssh || isLoopback(source.host)
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
