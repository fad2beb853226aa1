/**
 * The order of keys in every map: by the bytes of their UTF-8 form, which is what LC_ALL=C sort and a byte-wise merge do. JavaScript's
 * own order is that of UTF-16, which puts surrogate pairs before U+E000 to U+FFFF. Negative when `a` comes first.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Moves the surrogates behind the other code units, where the four-byte forms that they make are sorted. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
