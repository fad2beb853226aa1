import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { renderOpenapi } from './render-openapi.js'

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly tags?: string[]
  readonly security?: unknown[]
  readonly parameters?: { in: string; name: string; description?: string; example?: unknown }[]
  readonly requestBody?: { content: Record<string, { schema: object; examples?: object }> }
  readonly responses: Record<string, object>
}

let text = ''
let document: {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  tags: { name: string }[]
  components: { schemas: object }
}
let operations: [string, Operation][] = []

beforeAll(async () => {
  text = await renderOpenapi()
  document = JSON.parse(text) as typeof document
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  )
})

describe('the OpenAPI document', () => {
  test('docs/openapi.json is what the routes say: npm run openapi -w @muster/api', async () => {
    const stored = await readFile(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')
    expect(stored === text).toBe(true)
  })

  test('is 3.1, and every reference in it leads somewhere', () => {
    expect(document.openapi).toBe('3.1.0')
    const references = new Set([...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map((match) => match[1] ?? ''))
    expect(references.size).toBeGreaterThan(40)
    const lost = [...references].filter((path) => {
      let at: unknown = document
      for (const part of path.split('/')) at = (at as Record<string, unknown> | undefined)?.[part]
      return at === undefined
    })
    expect(lost).toEqual([])
    expect(text).not.toContain('def-')
  })

  test('every operation has an id of its own, a summary and a tag that is described', () => {
    const ids = operations.map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const tags = new Set(document.tags.map(({ name }) => name))
    const faults = operations.filter(([, { summary, tags: own = [] }]) => !summary || own.length !== 1 || !tags.has(own[0] ?? ''))
    expect(faults.map(([name]) => name)).toEqual([])
  })

  test('every body has a named schema and at least one example; every path parameter is described, with an example', () => {
    const bodies = operations.flatMap(([name, { requestBody }]) =>
      Object.values(requestBody?.content ?? {}).map((media) => ({ name, media })),
    )
    expect(bodies.length).toBeGreaterThan(12)
    expect(bodies.filter(({ media }) => !('$ref' in media.schema) || !Object.keys(media.examples ?? {}).length)).toEqual([])
    const parameters = operations.flatMap(([name, { parameters: own = [] }]) => own.map((parameter) => ({ name, parameter })))
    expect(parameters.filter(({ parameter }) => !parameter.description)).toEqual([])
    expect(parameters.filter(({ parameter }) => parameter.in === 'path' && parameter.example === undefined)).toEqual([])
  })

  test('only what needs no key says so', () => {
    const open = operations.filter(([, { security }]) => security?.length === 0).map(([name]) => name)
    expect(open).toEqual(['GET /healthz', 'GET /readyz'])
  })

  test('every operation with a key names its problems', () => {
    const silent = operations.filter(
      ([, { responses, security }]) => !security && !['400', '401', '403', '500'].every((s) => s in responses),
    )
    expect(silent.map(([name]) => name)).toEqual([])
  })
})
