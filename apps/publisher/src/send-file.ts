import { open } from 'node:fs/promises'
import type { Problem } from '@muster/contract'
import { sha256 } from '@muster/maptree'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { MAP_PROBLEMS, type MapProblem } from './route-schemas.js'

export interface FileAnswer {
  readonly file: string
  /** Names the bytes: two files with the same etag at one path are the same. Without quotes. */
  readonly etag: string
}

/** Streams a file that never changes, or says that the caller has it. Null when the file is gone: then nothing was sent. */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, answer: FileAnswer): Promise<FastifyReply | null> {
  if (isKnown(request, reply, answer.etag, 'private, max-age=31536000, immutable')) return reply.code(304).send()
  const handle = await open(answer.file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (handle === null) return null
  const { size } = await handle.stat()
  reply.type('text/plain; charset=utf-8').header('content-length', size)
  return reply.send(handle.createReadStream({ end: Math.max(0, size - 1) }))
}

/** Sends a text that may be another one the next time; null when the publisher has not written it yet. */
export function sendTextIfAny(request: FastifyRequest, reply: FastifyReply, text: Buffer | null): FastifyReply {
  if (text === null) return sendMapProblem(reply, 'nothing_published', 'The first pass of the publisher has not ended; ask again.')
  if (isKnown(request, reply, sha256(text), 'private, no-cache')) return reply.code(304).send()
  return reply.type('text/plain; charset=utf-8').send(text)
}

/** Sets the headers of an answer, and says whether the caller has it already. */
function isKnown(request: FastifyRequest, reply: FastifyReply, name: string, cacheControl: string): boolean {
  const etag = `"${name}"`
  reply.header('etag', etag).header('cache-control', cacheControl)
  return namesEtag(request.headers['if-none-match'], etag)
}

function namesEtag(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((given) => given.trim() === '*' || given.trim().replace(/^W\//, '') === etag)
}

export function sendMapProblem(reply: FastifyReply, code: MapProblem, detail: string): FastifyReply {
  const { status, title } = MAP_PROBLEMS[code]
  const instance = `urn:muster:request:${reply.request.id}`
  const problem: Problem = { type: `urn:muster:problem:${code}`, title, status, detail, code, instance }
  reply.removeHeader('etag').removeHeader('content-length').header('cache-control', 'no-store')
  return reply.code(status).header('content-type', 'application/problem+json').send(problem)
}
