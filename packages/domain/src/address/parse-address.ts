import type { Brand } from '../brand.js'
import { parseDomainName, type DomainName } from '../domain/parse-domain-name.js'
import { accept, refuse, type Outcome } from '../outcome.js'

/** `localpart@domain`, both in lower case, the domain in its ASCII form. */
export type Address = Brand<string, 'Address'>

/**
 * The localparts Muster takes: a dot-atom of RFC 5321 without what ends a key or parts fields in some lookup table, what parts a path
 * and what daemons expand: `/ | : ! % "` backquote, backslash, braces, blanks. So every map kind can hold every address. Some of these
 * characters do mean something to a shell: quote addresses in scripts. Tested before lower-casing, which turns U+212A into a k.
 */
const ATOM = /^[A-Za-z0-9_+='#&$*~^?-]+$/
const MAX_LOCALPART = 64
const MAX_ADDRESS = 254

/** Lower-cases; the domain may be given in U-labels. The whole address has at most 254 characters (RFC 5321 4.5.3.1.3). */
export function parseAddress(text: string): Outcome<Address, 'address_invalid'> {
  const bad = (detail: string) => refuse('address_invalid' as const, text, detail)
  const at = text.lastIndexOf('@')
  if (at < 1) return bad('An address has the form localpart@domain.')
  const localpart = text.slice(0, at)
  if (localpart.length > MAX_LOCALPART) return bad('The part before @ has at most 64 characters.')
  if (!localpart.split('.').every((atom) => ATOM.test(atom))) {
    return bad("The part before @ takes a-z 0-9 _ + = ' # & $ * ~ ^ ? - and single dots between them.")
  }
  if (/^[#-]/.test(localpart)) return bad('The part before @ must not begin with # or -.')
  const domain = parseDomainName(text.slice(at + 1))
  if (!domain.ok) return bad(domain.detail)
  const address = `${localpart.toLowerCase()}@${domain.value}`
  if (address.length > MAX_ADDRESS) return bad('An address has at most 254 characters.')
  return accept(address as Address)
}

export function localpartOf(address: Address): string {
  return address.slice(0, address.lastIndexOf('@'))
}

export function domainOf(address: Address): DomainName {
  return address.slice(address.lastIndexOf('@') + 1) as DomainName
}
