import { domainToASCII } from 'node:url'
import type { Brand } from '../brand.js'
import { accept, refuse, type Outcome } from '../outcome.js'

/** A mail domain in its ASCII form (A-labels, RFC 5890), lower case, without a trailing dot; at most 253 characters. */
export type DomainName = Brand<string, 'DomainName'>

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Takes U-labels or A-labels; an underscore, a single label, an IP address or a label past 63 characters is refused. */
export function parseDomainName(text: string): Outcome<DomainName, 'domain_name_invalid'> {
  const bad = (detail: string) => refuse('domain_name_invalid' as const, text, detail)
  if (/[\s/:@?#\\[\]%]/.test(text)) return bad('A domain name holds letters, digits, hyphens and dots only.')
  const ascii = domainToASCII(text)
  if (ascii === '') return bad('This is not a valid domain name (IDNA).')
  if (ascii.length > 253) return bad('A domain name has at most 253 characters.')
  const labels = ascii.split('.')
  if (labels.length < 2) return bad('A mail domain has at least two labels, such as example.net.')
  if (!labels.every((label) => LABEL.test(label))) {
    return bad('Each label has 1 to 63 letters, digits or hyphens, and neither starts nor ends with a hyphen.')
  }
  if (/^\d+$/.test(labels.at(-1) ?? '')) return bad('The last label is a number; an IP address is not a mail domain.')
  return accept(ascii as DomainName)
}
