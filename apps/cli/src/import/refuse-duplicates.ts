import type { Address } from '@muster/domain'
import { badLine, where, type BadLine, type Place } from './source-lines.js'

/** Parts the first of each address from the later ones, which are bad lines that name both places. */
export function refuseDuplicates<T extends { readonly place: Place; readonly address: Address }>(
  records: readonly T[],
): { unique: T[]; bad: BadLine[] } {
  const first = new Map<Address, Place>()
  const bad: BadLine[] = []
  const unique = records.filter(({ place, address }) => {
    const earlier = first.get(address)
    if (earlier === undefined) first.set(address, place)
    else bad.push(badLine(place, 'duplicate', `${address} is at ${where(earlier)} already.`).bad)
    return earlier === undefined
  })
  return { unique, bad }
}
