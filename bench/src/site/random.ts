/** Random-looking and repeatable: the same seed gives the same site on every machine. Not for secrets. */
export type Random = () => number

/** A 32-bit number that depends on all of `parts` (MurmurHash3's mixing). */
export function mix(...parts: readonly number[]): number {
  let h = 0x9747b28c
  for (const part of parts) {
    let k = Math.imul(part, 0xcc9e2d51)
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    h = Math.imul(((h ^ k) << 13) | ((h ^ k) >>> 19), 5) + 0xe6546b64
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Numbers from 0 up to 1 (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T
}

/** One of the items, each as often as its weight says; weights need not add up to anything. */
export function pickWeighted<T>(random: Random, items: readonly { readonly item: T; readonly weight: number }[]): T {
  let left = random() * items.reduce((sum, { weight }) => sum + weight, 0)
  for (const { item, weight } of items) {
    left -= weight
    if (left < 0) return item
  }
  return (items.at(-1) as { item: T }).item
}

const CRYPT_64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function randomText(random: Random, length: number, alphabet = CRYPT_64): string {
  let text = ''
  while (text.length < length) {
    let bits = Math.floor(random() * 2 ** 30)
    for (let i = 0; i < 5 && text.length < length; i++, bits >>>= 6) text += alphabet[(bits & 63) % alphabet.length]
  }
  return text
}

/** A number without a common factor with `n`, so that `i * stride % n` visits every index once, in an order that looks like none. */
export function strideOf(n: number, seed: number): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  let stride = Math.max(1, Math.floor(n * 0.3819) + (seed % 97))
  while (gcd(stride, n) !== 1) stride++
  return stride
}
