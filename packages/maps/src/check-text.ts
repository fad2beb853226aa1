import { MapSyntaxError } from './map-kind.js'

/**
 * The last gate before a line: a value that the format cannot hold is a bug further up, where everything was parsed, and stops the
 * render instead of becoming another line or field. `forbidden` matches one bad character.
 */
export function checkText(what: string, value: string, forbidden: RegExp): string {
  const bad = forbidden.exec(value)
  if (bad) throw new MapSyntaxError(`${what} holds ${nameOf(bad[0])}, which this format cannot hold`)
  return value
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0x20 && code < 0x7f ? `\`${character}\`` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
