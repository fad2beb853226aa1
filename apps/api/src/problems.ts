import { Problem, ref, type FieldError } from '@muster/contract'
import type { DirectoryRefusal, Refused } from '@muster/domain'
import type { TSchema } from 'typebox'

/** What the parsers of `domain` and the hashing of passwords refuse. */
type ValueRefusal =
  | 'address_invalid'
  | 'domain_name_invalid'
  | 'path_invalid'
  | 'password_invalid'
  | 'password_hash_unsupported'
  | 'password_hash_unverifiable'
  | 'hashing_busy'

/** What this package itself refuses. */
type ApiRefusal =
  | 'credentials_missing'
  | 'credentials_invalid'
  | 'forbidden'
  | 'request_invalid'
  | 'json_malformed'
  | 'url_malformed'
  | 'password_and_hash'
  | 'mailstore_fixed'
  | 'host_mailstores_mismatch'
  | 'key_host_mismatch'
  | 'revision_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'media_type_unsupported'
  | 'directory_unavailable'
  | 'internal_error'

export type ProblemCode = DirectoryRefusal | ValueRefusal | ApiRefusal

interface Answer {
  readonly status: number
  readonly title: string
  /** After how many seconds the same request may do better. */
  readonly retryAfterSeconds?: number
}

/**
 * The only place where a refusal meets HTTP; leaving one out does not compile. 400: the request itself is wrong. 404: it names what is
 * not there. 409: the directory is in a state that forbids it. 422: well formed, and never possible like this. 503: try again.
 */
const ANSWERS = {
  credentials_missing: { status: 401, title: 'No key was sent' },
  credentials_invalid: { status: 401, title: 'The key is unknown, expired or revoked' },
  forbidden: { status: 403, title: 'The key may not do this' },

  request_invalid: { status: 400, title: 'The request has fields that are wrong' },
  json_malformed: { status: 400, title: 'The body is not JSON' },
  url_malformed: { status: 400, title: 'The path cannot be decoded' },
  address_invalid: { status: 400, title: 'This is not an address that Muster takes' },
  domain_name_invalid: { status: 400, title: 'This is not a mail domain' },
  path_invalid: { status: 400, title: 'This is not a plain absolute path' },
  password_invalid: { status: 400, title: 'The password cannot be used' },
  password_hash_unsupported: { status: 400, title: 'The hash is of no supported scheme' },
  password_and_hash: { status: 400, title: 'A password and a hash were both given' },

  customer_not_found: { status: 404, title: 'The customer is not in the directory' },
  domain_not_found: { status: 404, title: 'The domain is not in the directory' },
  mailbox_not_found: { status: 404, title: 'The mailbox is not in the directory' },
  mailstore_not_found: { status: 404, title: 'The mailstore is not in the directory' },
  host_not_found: { status: 404, title: 'The host is not in the directory' },
  key_not_found: { status: 404, title: 'There is no such key' },
  revision_not_found: { status: 404, title: 'There is no such revision' },
  route_not_found: { status: 404, title: 'There is nothing at this path' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },

  customer_not_empty: { status: 409, title: 'The customer has domains' },
  customer_closed: { status: 409, title: 'The customer is closed' },
  domain_of_another_customer: { status: 409, title: 'The domain belongs to another customer' },
  domain_quarantined: { status: 409, title: 'The domain belonged to another customer until lately' },
  domain_not_empty: { status: 409, title: 'The domain has mailboxes' },
  domain_closed: { status: 409, title: 'The domain or its customer is closed' },
  address_in_use: { status: 409, title: 'The address is taken' },
  address_quarantined: { status: 409, title: 'The address belonged to another customer until lately' },
  mailstore_not_open: { status: 409, title: 'The mailstore takes no new mailbox' },
  path_in_use: { status: 409, title: 'Another mailbox has this home' },
  mailstore_not_empty: { status: 409, title: 'The mailstore holds mailboxes' },

  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body is of another media type' },

  path_outside_root: { status: 422, title: 'The path lies outside the mailstore' },
  mailstore_fixed: { status: 422, title: 'A mailbox changes its mailstore only by a move' },
  host_mailstores_mismatch: { status: 422, title: 'The mailstores do not go with the roles' },
  key_host_mismatch: { status: 422, title: 'The host does not go with the role' },
  password_hash_unverifiable: { status: 422, title: 'The password cannot be checked here' },

  internal_error: { status: 500, title: 'Something went wrong here' },
  no_mailstore_capacity: { status: 503, title: 'No mailstore can take this mailbox', retryAfterSeconds: 60 },
  hashing_busy: { status: 503, title: 'Too many passwords are being hashed', retryAfterSeconds: 2 },
  directory_unavailable: { status: 503, title: 'The directory cannot be reached', retryAfterSeconds: 5 },
} satisfies Record<ProblemCode, Answer>

/** What a handler's reply must be able to do; any Fastify reply can. */
export interface ProblemReply {
  readonly request: { readonly id: string }
  code(status: number): unknown
  header(name: string, value: string | number): unknown
  send(payload: unknown): unknown
}

export function sendProblem<R extends ProblemReply>(reply: R, code: ProblemCode, detail: string, extra: { errors?: FieldError[] } = {}): R {
  const { status, retryAfterSeconds }: Answer = ANSWERS[code]
  reply.code(status)
  reply.header('content-type', 'application/problem+json')
  // Here as well: what fails before any route is found passes no hook.
  reply.header('x-request-id', reply.request.id)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  reply.send({ ...renderProblem(code, detail, reply.request.id), ...extra })
  return reply
}

function renderProblem(code: ProblemCode, detail: string, requestId: string): Problem {
  const { status, title } = ANSWERS[code]
  return {
    type: `urn:muster:problem:${code}`,
    title,
    status,
    detail: detail === '' ? `${title}.` : detail,
    code,
    instance: `urn:muster:request:${requestId}`,
  }
}

/** A refusal as a problem. Its subject stays here: it may be as long, or as private, as the caller made it. */
export function sendRefusal<R extends ProblemReply>(reply: R, refused: Refused<ProblemCode>): R {
  return sendProblem(reply, refused.code, refused.detail)
}

export function titleOf(code: ProblemCode): string {
  return ANSWERS[code].title
}

export const PROBLEM_CODES = Object.keys(ANSWERS) as ProblemCode[]

export function statusOf(code: ProblemCode): number {
  return ANSWERS[code].status
}

/** What every operation with a key may answer besides its own. */
const ALWAYS: readonly ProblemCode[] = [
  'request_invalid',
  'credentials_missing',
  'credentials_invalid',
  'forbidden',
  'internal_error',
  'directory_unavailable',
]
const WITH_BODY: readonly ProblemCode[] = ['json_malformed', 'body_too_large', 'media_type_unsupported']

/** The problems of an operation for its route schema: one response a status, its codes listed in the description. */
export function problems(...codes: ProblemCode[]): Record<number, TSchema> {
  return group([...codes, ...ALWAYS])
}

/** The same for an operation that is sent a body, an empty one included. */
export function problemsWithBody(...codes: ProblemCode[]): Record<number, TSchema> {
  return group([...codes, ...WITH_BODY, ...ALWAYS])
}

function group(codes: readonly ProblemCode[]): Record<number, TSchema> {
  const responses: Record<number, TSchema> = {}
  for (const status of [...new Set(codes.map(statusOf))].sort((a, b) => a - b)) {
    const own = codes.filter((code) => statusOf(code) === status)
    const description = own.map((code) => `\`${code}\`: ${titleOf(code)}.`).join('\n\n')
    const media = { schema: ref(Problem), example: renderProblem(own[0] as ProblemCode, '', 'req-4711') }
    responses[status] = { description, content: { 'application/problem+json': media } } as TSchema
  }
  return responses
}
