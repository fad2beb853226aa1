import { LINE_OF_TEXT } from '@muster/contract'
import type { PageQuery } from '@muster/domain'
import { Type, type TProperties } from 'typebox'

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const limit = Type.Integer({
  minimum: 1,
  maximum: MAX_LIMIT,
  default: DEFAULT_LIMIT,
  description: `Items a page at most: 1 to ${MAX_LIMIT}.`,
})
const after = Type.String({
  minLength: 1,
  maxLength: 1024,
  pattern: LINE_OF_TEXT,
  description: 'Items whose key comes after this one: `next` of the page before.',
})

/** The query of a list, with its filters. */
export function pageQuery<P extends TProperties>(filters: P) {
  return Type.Object({ limit: Type.Optional(limit), after: Type.Optional(after), ...filters }, { additionalProperties: false })
}

export function toPage(query: { limit?: number; after?: string }): PageQuery {
  return { limit: query.limit ?? DEFAULT_LIMIT, after: query.after }
}
