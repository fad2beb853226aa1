import { MapSyntaxError } from './map-kind.js'

/**
 * The last gate before a line: a value that the format cannot hold is a bug further up, where everything was parsed, and stops the
 * render instead of becoming another line or field. `forbidden` matches one bad character. Called some times a line, so it makes no
 * text unless there is something to say.
 */
export function checkText(what: string, value: string, forbidden: RegExp, owner?: string): string {
  if (!forbidden.test(value)) return value
  const bad = nameOf(forbidden.exec(value)?.[0] ?? '')
  throw new MapSyntaxError(`${what}${owner === undefined ? '' : ` of ${owner}`} holds ${bad}, which this format cannot hold`)
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0x20 && code < 0x7f ? `\`${character}\`` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
