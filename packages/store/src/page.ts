import type { Page, PageQuery } from '@muster/domain'

/** The `take` of a page's query: one row more than asked for, which tells whether there is a next page. */
export function takeOf(query: PageQuery): number {
  return query.limit + 1
}

export function toPage<Row, T>(rows: readonly Row[], query: PageQuery, map: (row: Row) => T, keyOf: (item: T) => string): Page<T> {
  const items = rows.slice(0, query.limit).map(map)
  const last = items.at(-1)
  return { items, next: rows.length > query.limit && last !== undefined ? keyOf(last) : null }
}
