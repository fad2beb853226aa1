/** One environment variable: what it means, what it accepts, and what it is when it is not set. */
export interface Variable<T> {
  readonly summary: string
  /** As an operator would write it; null when the variable may stay unset. */
  readonly fallback: string | null
  /** What it accepts, in words: for faults and for the reference. */
  readonly accepts: string
  /** A secret may come from a file too: `NAME_FILE` holds the path. */
  readonly secret: boolean
  /** The value, or undefined when the text is not what `accepts` says. */
  parse(text: string): T | undefined
}

/** One that may stay unset. */
export interface OptionalVariable<T> extends Variable<T> {
  readonly fallback: null
}

interface About {
  readonly summary: string
  readonly fallback: string
}

export function text(about: About & { accepts?: string }): Variable<string> {
  return { accepts: 'text', ...about, secret: false, parse: (value) => (value.includes('\0') ? undefined : value) }
}

export function integer(about: About & { min: number; max: number }): Variable<number> {
  const { min, max } = about
  return {
    summary: about.summary,
    fallback: about.fallback,
    accepts: `a whole number from ${min} to ${max}`,
    secret: false,
    parse: (value) => (/^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined),
  }
}

export function oneOf<const T extends string>(about: About & { values: readonly T[] }): Variable<T> {
  return {
    summary: about.summary,
    fallback: about.fallback,
    accepts: about.values.join(', '),
    secret: false,
    parse: (value) => about.values.find((known) => known === value),
  }
}

/** A URL with one of these schemes; a secret where it carries a password. */
export function optionalUrl(about: { summary: string; schemes: readonly string[]; secret: boolean }): OptionalVariable<string> {
  return {
    summary: about.summary,
    fallback: null,
    accepts: `a URL that begins with ${about.schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    secret: about.secret,
    parse: (value) => (URL.canParse(value) && about.schemes.includes(new URL(value).protocol.slice(0, -1)) ? value : undefined),
  }
}

export function secretText(about: { summary: string; accepts: string; pattern: RegExp }): OptionalVariable<string> {
  return {
    summary: about.summary,
    fallback: null,
    accepts: about.accepts,
    secret: true,
    parse: (value) => (about.pattern.test(value) ? value : undefined),
  }
}
