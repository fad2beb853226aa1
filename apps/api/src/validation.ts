import type { FieldError } from '@muster/contract'
import type { FastifyRequest, FastifySchemaValidationError, FastifyServerOptions, RouteOptions } from 'fastify'

/**
 * A request is taken as it is or refused: nothing is coerced (Fastify's own setting turns `null` into 0), nothing unknown is dropped,
 * and all faults are told at once.
 */
export const AJV_OPTIONS: NonNullable<FastifyServerOptions['ajv']> = {
  customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: true, allowUnionTypes: true },
}

/** An operation without a query of its own takes none: `DELETE ...?dryRun=true` must not delete. */
export function refuseUnknownQuery(route: RouteOptions): void {
  route.schema = { querystring: NO_QUERY, ...route.schema }
}

const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false }

/** Tells only so many: the rest is more of the same. */
const MOST_ERRORS = 100

/** Paths and queries are text: where their schema says integer, plain digits become a number, and anything else is left to be refused. */
export async function parseIntegers(request: FastifyRequest): Promise<void> {
  const { querystring, params } = (request.routeOptions.schema ?? {}) as Record<string, PartSchema | undefined>
  parsePart(querystring, request.query as Record<string, unknown>)
  parsePart(params, request.params as Record<string, unknown>)
}

interface PartSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>
}

function parsePart(schema: PartSchema | undefined, part: Record<string, unknown>): void {
  for (const [name, { type }] of Object.entries(schema?.properties ?? {})) {
    const text = part[name]
    if (type === 'integer' && typeof text === 'string' && /^\d{1,15}$/.test(text)) part[name] = Number(text)
  }
}

/** The faults of a request by field. No message ever repeats a value: it may be a password. */
export function fieldErrors(faults: readonly FastifySchemaValidationError[]): FieldError[] {
  return faults.slice(0, MOST_ERRORS).map(({ instancePath, keyword, params, message }) => {
    if (keyword === 'additionalProperties') {
      const name = String(params.additionalProperty).slice(0, 64)
      return { field: fieldAt(instancePath, name), message: HINTS[name] ?? 'is not a field of this request' }
    }
    if (keyword === 'required') return { field: fieldAt(instancePath, String(params.missingProperty)), message: 'is missing' }
    return { field: fieldAt(instancePath), message: messageOf(keyword, params, message) }
  })
}

/** Fields that callers look for in the wrong place. */
const HINTS: Readonly<Record<string, string>> = {
  state: 'is not a field of this request; POST to .../suspend, .../resume or .../close',
  status: 'follows from the states and is not set',
  customerId: 'is not a field of this request; it follows from the path or the domain',
}

function messageOf(keyword: string, params: Record<string, unknown>, message: string | undefined): string {
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).map(String).join(', ')}`
  if (keyword === 'type') return `must be ${String(params.type).replace(',', ' or ')}`
  return message ?? 'is wrong'
}

/** `/items/3/quotaBytes` as `items[3].quotaBytes`. */
function fieldAt(pointer: string, name?: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (name !== undefined) parts.push(name)
  if (parts.length === 0) return '(body)'
  return parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
}
