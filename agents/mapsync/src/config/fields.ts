/** Reads the fields of one JSON object and collects what is wrong with them, so that all faults of a file are told at once. */
export interface Fields {
  text(name: string, check: (text: string) => string | null): string
  optionalText(name: string, check: (text: string) => string | null): string | null
  optionalNumber(name: string, fallback: number, check: (value: number) => string | null): number
  /** A file mode written in octal, such as "0640". */
  mode(name: string, fallback: number): number
  object(name: string): Fields | null
  list(name: string): readonly Fields[]
  raw(name: string): unknown
  fault(name: string, what: string): void
  /** Reports every field that nobody asked for. To be called last. */
  refuseUnknown(): void
}

export function openFields(value: unknown, where: string, faults: string[]): Fields {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) faults.push(`${where === '' ? 'the file' : where}: must be an object`)
  const object = isObject ? (value as Record<string, unknown>) : {}
  const asked = new Set<string>()
  const take = (name: string): unknown => {
    asked.add(name)
    return object[name]
  }
  const pathOf = (name: string) => (where === '' ? name : `${where}.${name}`)
  const fault = (name: string, what: string): void => void (isObject && faults.push(`${pathOf(name)}: ${what}`))

  const text = (name: string, check: (text: string) => string | null): string => {
    const given = take(name)
    if (given === undefined || given === null) fault(name, 'is missing')
    else if (typeof given !== 'string') fault(name, 'must be a text')
    else {
      const wrong = check(given)
      if (wrong === null) return given
      fault(name, wrong)
    }
    return ''
  }
  const given = (name: string): boolean => take(name) !== undefined && take(name) !== null

  return {
    text,
    optionalText: (name, check) => (given(name) ? text(name, check) : null),
    optionalNumber: (name, fallback, check) => {
      if (!given(name)) return fallback
      const number = take(name)
      const wrong = typeof number === 'number' && Number.isFinite(number) ? check(number) : 'must be a number'
      if (wrong !== null) fault(name, wrong)
      return wrong === null ? (number as number) : fallback
    },
    mode: (name, fallback) => {
      if (!given(name)) return fallback
      const octal = text(name, (t) => (/^0?[0-7]{3}$/.test(t) ? null : 'must be an octal mode in quotes, such as "0640"'))
      return octal === '' ? fallback : Number.parseInt(octal, 8)
    },
    object: (name) => (given(name) ? openFields(take(name), pathOf(name), faults) : null),
    list: (name) => {
      const items = take(name)
      if (!Array.isArray(items) || items.length === 0) {
        fault(name, items === undefined ? 'is missing' : 'must be a list with at least one item')
        return []
      }
      return items.map((item: unknown, i) => openFields(item, `${pathOf(name)}[${i}]`, faults))
    },
    raw: take,
    fault,
    refuseUnknown: () => {
      for (const name of Object.keys(object)) if (!asked.has(name)) fault(name, 'is not a setting')
    },
  }
}
