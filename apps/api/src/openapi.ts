import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import swagger from '@fastify/swagger'
import { REQUEST_EXAMPLES } from '@muster/contract'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { ACCESS, accessOf, type Access } from './auth.js'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** Grouped by task, in the order in which a new site goes about it. */
const TAGS = [
  { name: 'Customers', description: 'Who pays. Begin here: the id is the one of your billing system.' },
  { name: 'Mailstores', description: 'Where Maildirs live. One must be open before there is a mailbox.' },
  { name: 'Domains', description: 'The mail domains of a customer.' },
  { name: 'Mailboxes', description: 'Create them, change quota and password, suspend, close, delete.' },
  { name: 'Imports', description: 'Bring the mailboxes of an existing site, with their hashes and where they lie.' },
  { name: 'Hosts', description: 'The machines that keep their own lookup databases, and what their agents report.' },
  { name: 'Maps', description: 'The lookup tables as text, signed: what agents fetch, each host only its own.' },
  { name: 'Revisions and changes', description: 'Follow a change to the hosts; read what changed, for audit and billing.' },
  { name: 'Keys', description: 'Who may use this API.' },
  { name: 'Service', description: 'For load balancers and monitoring; no key needed.' },
]

const DESCRIPTION = `Provisioning and directory of a mail cluster.

Send \`Authorization: Bearer mk_...\` with every request; here, press **Authorize** and paste the key (the first one is in the file
\`admin-key\` of the data folder). Every write answers its revision, in the body and as \`Muster-Revision\`;
\`GET /v1/revisions/{revision}?wait=30\` says when the hosts have it. Errors are \`application/problem+json\` (RFC 9457) with a stable
\`code\`. Nothing is coerced: an unknown field or a number in quotes is refused. The examples work as they stand on a fresh directory,
from the top down.`

/** Collects the routes that are registered after it, and describes them as OpenAPI 3.1. */
export async function addOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Muster', version, description: DESCRIPTION },
      servers: [{ url: '/', description: 'The server this comes from' }],
      tags: TAGS,
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API key: `mk_...`' } },
      },
      security: [{ bearer: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `schema-${i}`),
    },
    transform: ({ schema, url, route }) => ({ schema: withAccess(schema, accessOf(route.config ?? {})), url }),
    transformObject: (document) => ('openapiObject' in document ? finish(document.openapiObject) : document.swaggerObject),
  })
  app.get('/openapi.json', { config: { access: ACCESS.public }, schema: { hide: true } }, async () => app.swagger())
}

/** Says in each operation's description whose keys may use it. */
function withAccess(schema: FastifySchema | undefined, access: Access | null): FastifySchema {
  if (access === null || schema === undefined) return schema ?? {}
  const roles = access.roles.map((role) => (role === 'host' && access.ownHostOnly ? "host (its own host's)" : role)).join(', ')
  return { ...schema, description: [schema.description, `Keys: ${roles}.`].filter(Boolean).join('\n\n') }
}

interface Operation {
  parameters?: { in: string; example?: unknown }[]
  requestBody?: { content: Record<string, { schema: { $ref?: string }; examples?: unknown }> }
  responses: Record<string, object>
}

/** What a route schema cannot say: named examples of bodies, and that a filter is best left empty (the console fills examples in). */
function finish<D extends { paths?: object | undefined; components?: object | undefined }>(document: D): D {
  const shared: Record<string, object> = {}
  for (const item of Object.values(document.paths ?? {}) as Record<string, Operation>[]) {
    for (const operation of Object.values(item)) {
      for (const parameter of operation.parameters ?? []) if (parameter.in === 'query') delete parameter.example
      for (const media of Object.values(operation.requestBody?.content ?? {})) {
        const examples = REQUEST_EXAMPLES[media.schema.$ref?.split('/').at(-1) ?? '']
        if (examples) media.examples = examples
      }
      shareResponses(operation, shared)
    }
  }
  return { ...document, components: { ...document.components, responses: shared } }
}

/** Problems that nearly every operation has are written once. */
const SHARED_RESPONSES: Readonly<Record<string, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'TooLarge',
  415: 'OtherMediaType',
  500: 'InternalError',
}

function shareResponses(operation: Operation, shared: Record<string, object>): void {
  for (const [status, name] of Object.entries(SHARED_RESPONSES)) {
    const response = operation.responses[status]
    if (response === undefined) continue
    shared[name] ??= response
    if (isDeepStrictEqual(shared[name], response)) operation.responses[status] = { $ref: `#/components/responses/${name}` }
  }
}
