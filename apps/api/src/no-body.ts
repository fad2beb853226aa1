import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from './problems.js'

/** For operations without a body: an empty one or `{}` is let pass, and a field is refused rather than ignored. */
export async function refuseBody(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const { body } = request
  if (body === undefined || body === null) return undefined
  const fields = typeof body === 'object' ? Object.keys(body) : ['(body)']
  if (fields.length === 0) return undefined
  const errors = fields.slice(0, 20).map((field) => ({ field: field.slice(0, 64), message: 'is not a field of this request' }))
  return sendProblem(reply, 'request_invalid', 'This operation takes no body.', { errors })
}
