/** Which statuses and problem codes the OpenAPI document names for an operation. */
export interface Documented {
  readonly operations: readonly DocumentedOperation[]
  find(method: string, path: string): DocumentedOperation | undefined
}

export interface DocumentedOperation {
  readonly operationId: string
  readonly method: string
  /** With parameters in braces. */
  readonly path: string
  readonly hasBody: boolean
  readonly needsKey: boolean
  /** Problem codes by status; success statuses have none. */
  readonly responses: ReadonlyMap<number, readonly string[]>
  allows(status: number, code: string | undefined): boolean
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { responses: Record<string, Response> }
}

interface Operation {
  readonly operationId: string
  readonly requestBody?: object
  readonly security?: unknown[]
  readonly responses: Record<string, Response | { $ref: string }>
}

interface Response {
  readonly description: string
}

export function documentedResponses(document: Document): Documented {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => describe(method.toUpperCase(), path, operation, document)),
  )
  const patterns = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }))
  return {
    operations,
    find: (method, path) =>
      patterns.find(({ operation, pattern }) => operation.method === method && pattern.test(path.split('?')[0] ?? ''))?.operation,
  }
}

function describe(method: string, path: string, operation: Operation, document: Document): DocumentedOperation {
  const responses = new Map(
    Object.entries(operation.responses).map(([status, response]): [number, string[]] => {
      const resolved = '$ref' in response ? document.components.responses[response.$ref.split('/').at(-1) ?? ''] : response
      return [Number(status), [...(resolved?.description ?? '').matchAll(/^`([a-z_]+)`: /gm)].map((match) => match[1] ?? '')]
    }),
  )
  return {
    operationId: operation.operationId,
    method,
    path,
    hasBody: operation.requestBody !== undefined,
    needsKey: operation.security === undefined,
    responses,
    allows: (status, code) =>
      responses.has(status) && (status < 400 || code === undefined || responses.get(status)?.includes(code) === true),
  }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
}
