import { domainToASCII, domainToUnicode } from 'node:url'
import type { Brand } from '../brand.js'
import { accept, refuse, type Outcome } from '../outcome.js'

/** A mail domain in its ASCII form (A-labels, RFC 5890), lower case, without a trailing dot; at most 253 characters. */
export type DomainName = Brand<string, 'DomainName'>

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** No form of a name that has at most 253 characters in ASCII is longer; what is gets no IDNA processing. */
const MAX_GIVEN = 1_000

/** Takes U-labels or A-labels; an underscore, a single label, an IP address or a label past 63 characters is refused. */
export function parseDomainName(text: string): Outcome<DomainName, 'domain_name_invalid'> {
  const bad = (detail: string) => refuse('domain_name_invalid' as const, text, detail)
  if (text.length > MAX_GIVEN) return bad('A domain name has at most 253 characters.')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f\s/:@?#\\[\]%]/.test(text)) return bad('A domain name holds letters, digits, hyphens and dots only.')
  if (text.endsWith('.')) return bad('Write the domain without the dot at its end.')
  const given = text.normalize('NFC').toLowerCase()
  const ascii = domainToASCII(given)
  if (ascii === '') return bad('This is not a valid domain name (IDNA).')
  if (ascii.length > 253) return bad('A domain name has at most 253 characters.')
  const labels = ascii.split('.')
  if (labels.length < 2) return bad('A mail domain has at least two labels, such as example.net.')
  if (!labels.every((label) => LABEL.test(label))) {
    return bad('Each label has 1 to 63 letters, digits or hyphens, and neither starts nor ends with a hyphen.')
  }
  if (/^\d+$/.test(labels.at(-1) ?? '')) return bad('The last label is a number; an IP address is not a mail domain.')
  if (!saysItself(text, given, ascii)) return bad('Write the name in its plain form; some of its characters stand for others (IDNA).')
  return accept(ascii as DomainName)
}

/**
 * Whether the name came through IDNA as it was given. The mapping for browsers (UTS 46) takes a fullwidth letter, a soft hyphen, an
 * ideographic stop or `0x7f.1` for something else without a word, and the decoder passes an `xn--` that spells plain ASCII: in a
 * directory these would be two spellings of one customer's domain.
 */
function saysItself(text: string, given: string, ascii: string): boolean {
  const unicode = domainToUnicode(ascii)
  if (domainToASCII(unicode) !== ascii) return false
  const was = text.split('.')
  const now = { given: given.split('.'), ascii: ascii.split('.'), unicode: unicode.split('.') }
  if (was.length !== now.ascii.length) return false
  return was.every((label, i) => {
    if (isAscii(label)) return now.given[i] === now.ascii[i]
    return now.given[i] === now.unicode[i] && now.ascii[i]?.startsWith('xn--') === true
  })
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the whole of ASCII
  return /^[\u0000-\u007f]*$/.test(text)
}
