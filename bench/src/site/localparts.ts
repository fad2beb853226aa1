import { mix, pickWeighted, randomFrom, type Random } from './random.js'
import { firstNames, roleNames, surnames } from './words.js'

type Pattern = (first: string, last: string) => string

/** How people's addresses are formed, and how often. */
const PATTERNS: readonly { item: Pattern; weight: number }[] = [
  { item: (first, last) => `${first}.${last}`, weight: 38 },
  { item: (first, last) => `${first[0]}${last}`, weight: 15 },
  { item: (first, last) => `${first}${last}`, weight: 13 },
  { item: (first, last) => `${first[0]}.${last}`, weight: 12 },
  { item: (first, last) => `${last}.${first}`, weight: 6 },
  { item: (first, last) => `${first}_${last}`, weight: 5 },
  { item: (first, last) => `${first}-${last}`, weight: 4 },
  { item: (first, last) => `${last}${first[0]}`, weight: 4 },
  { item: (_, last) => last, weight: 2 },
  { item: (first) => first, weight: 1 },
]

export interface Person {
  /** Without digits. */
  readonly stem: string
  readonly name: string
}

/** People whose stems all differ, in an order that looks like none. */
export function makePeople(seed: number): Person[] {
  const random = randomFrom(seed)
  const people = new Map<string, Person>()
  for (const first of firstNames) {
    for (const last of surnames) {
      const stem = pickWeighted(random, PATTERNS)(first, last)
      if (!people.has(stem)) people.set(stem, { stem, name: `${capital(first)} ${capital(last)}` })
    }
  }
  return shuffle([...people.values()], random)
}

/** The n-th mailbox of a domain, unlike every other of it: small firms begin with info@ and the like, large domains need numbers. */
export function personAt(people: readonly Person[], domain: { readonly own: boolean; readonly index: number }, n: number): Person {
  if (!domain.own && n < 2) {
    const stem = roleNames[(mix(domain.index, 7) % (roleNames.length / 2)) + n * (roleNames.length / 2)] as string
    return { stem, name: capital(stem) }
  }
  const index = (n + mix(domain.index, 11)) % people.length
  const round = Math.floor(n / people.length)
  const person = people[index] as Person
  return { stem: `${person.stem}${numberFor(index, round, domain.own)}`, name: person.name }
}

/** Differs from round to round for the same person; the first round goes mostly without, as in a small domain. */
function numberFor(index: number, round: number, own: boolean): string {
  const start = mix(index, 13)
  if (round === 0 && (!own || start % 100 < 55)) return ''
  return String(round < 100 ? (start + round * 37) % 100 : round)
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[items[i], items[j]] = [items[j] as T, items[i] as T]
  }
  return items
}
