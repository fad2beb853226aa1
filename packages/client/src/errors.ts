import type { Problem } from '@muster/contract'

/** The API understood us and said no: an answer of 400 or above. `code` is the problem's stable code, `message` its detail. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** null when the answer was no problem document: something between us and the API spoke. */
    readonly problem: Problem | null,
  ) {
    super(message)
  }
}

/** There was no answer: nobody listens, the name does not resolve, the certificate is not trusted, the time ran out. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  constructor(
    readonly code: 'unreachable' | 'timeout',
    message: string,
    options: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Makes the error of an answer from its body, whatever that is. */
export function readApiError(status: number, url: string, body: string): ApiError {
  const problem = parseProblem(body)
  if (problem === null) return new ApiError(status, `http_${status}`, `${url} answered ${status} without saying why.`, null)
  const fields = problem.errors?.map(({ field, message }) => `${field} ${message}`).join('; ')
  return new ApiError(status, problem.code, fields === undefined ? problem.detail : `${problem.detail} (${fields})`, problem)
}

function parseProblem(body: string): Problem | null {
  try {
    const value = JSON.parse(body) as Partial<Problem> | null
    return typeof value?.code === 'string' && typeof value.detail === 'string' ? (value as Problem) : null
  } catch {
    return null
  }
}

/** `fetch` says "fetch failed" and keeps the reason in `cause`, sometimes a list of one a tried address. */
export function describeConnectionFault(url: string, error: unknown, timeoutMs: number): ConnectionError {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new ConnectionError('timeout', `${url} did not answer within ${timeoutMs / 1000} s.`, { cause: error })
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const causes = cause instanceof AggregateError ? cause.errors : [cause]
  const why = causes.map((one: unknown) => (one instanceof Error ? one.message || one.name : String(one))).join('; ')
  return new ConnectionError('unreachable', `${url} cannot be reached: ${why}`, { cause: error })
}
