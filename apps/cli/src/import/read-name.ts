import { parseAddress, type Address } from '@muster/domain'
import { badLine, type LineOutcome, type Place } from './source-lines.js'

/** The address that a login name stands for: a name without a domain belongs to the site's own, given by --domain. */
export function readName(place: Place, name: string, domain: string | null): LineOutcome<Address> {
  if (!name.includes('@') && domain === null) {
    return badLine(place, 'name_without_domain', `${name} has no domain; say with --domain which one it belongs to.`)
  }
  const full = name.includes('@') ? name : `${name}@${domain}`
  const address = parseAddress(full)
  return address.ok ? address : badLine(place, 'address_invalid', `${full}: ${address.detail}`)
}
