import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem, type ProblemCode } from './problems.js'
import { fieldErrors } from './validation.js'

/** Fastify's own errors that a caller can do something about. Its messages are not passed on: some quote the body. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['json_malformed', 'The body is not valid JSON.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'Send less at once.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media_type_unsupported', 'Send the body as application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['request_invalid', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_INVALID_TYPE: ['media_type_unsupported', 'Send the body as application/json.'],
  FST_ERR_BAD_URL: ['url_malformed', 'A percent sign in the path must begin an escape such as %40.'],
  FST_ERR_MAX_PARAM_LENGTH: ['url_malformed', 'A part of the path is too long.'],
}

/** Turns whatever goes wrong into a problem. Only what is nobody's fault but ours is logged as an error. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.validation) {
    const errors = fieldErrors(error.validation)
    const where = error.validationContext === 'body' ? 'body' : error.validationContext === 'params' ? 'path' : 'query'
    return sendProblem(reply, 'request_invalid', `The ${where} is not as this operation takes it; see errors.`, { errors })
  }
  const known = FASTIFY_ERRORS[error.code]
  if (known) return sendProblem(reply, ...known)
  if (isOutage(error)) {
    request.log.warn({ err: scrubbed(error) }, 'directory unavailable')
    return sendProblem(reply, 'directory_unavailable', 'Nothing is known to be written; send the same request again.')
  }
  request.log.error({ err: scrubbed(error) }, 'request failed')
  return sendProblem(reply, 'internal_error', 'The server log has the cause under the id in `instance`.')
}

export function addNotFound(app: FastifyInstance): void {
  const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const
  app.setNotFoundHandler((request, reply) => {
    const [url = '/'] = request.url.split('?')
    const allowed = methods.filter((method) => app.findRoute({ url, method }) !== null)
    if (allowed.length === 0) return sendProblem(reply, 'route_not_found', 'GET /openapi.json lists the paths.')
    reply.header('allow', allowed.join(', '))
    return sendProblem(reply, 'method_not_allowed', `This path takes ${allowed.join(', ')}.`)
  })
}

/** Connection lost or refused, server starting or stopping, too many connections, deadlock, a lock not got in time: the same request may succeed later. */
const OUTAGE =
  /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|08\w{3}|57P0\d|53\w{3}|40001|40P01|55P03|P1001|P1002|P1008|P1017|P2024|P2034)$/

function isOutage(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (OUTAGE.test(String((cause as { code?: unknown }).code))) return true
    if (/Connection terminated|timeout exceeded when trying to connect/.test(cause.message)) return true
  }
  return false
}

/** Messages of database libraries quote the values they were given, and a hash may be among them. */
const HASHES = /\$(?:argon2id?|2[aby]|[1567y])\$[^\s'"`)\]}]*|mk_[a-z0-9]{12}_[A-Za-z0-9_-]+/g

export function scrubbed(error: unknown): { name: string; message: string; code: string | undefined; stack: string | undefined } {
  if (!(error instanceof Error)) return { name: 'unknown', message: typeof error, code: undefined, stack: undefined }
  const clean = (text: string) => text.replaceAll(HASHES, '[secret]')
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    message: clean(error.message),
    code: typeof code === 'string' ? code : undefined,
    stack: error.stack === undefined ? undefined : clean(error.stack),
  }
}
