import type { StateWritten, Written } from '@muster/domain'
import { Type, type Static, type TSchema, type TUnsafe } from 'typebox'
import type { RouteContext } from './context.js'

interface AnswerReply {
  header(name: string, value: string | number): unknown
}

/** Tells the caller and the publisher of a write's revision. Every write goes through here, after its commit. */
export function announce(context: RouteContext, reply: AnswerReply, written: { revision: number; changed: boolean }): void {
  reply.header('muster-revision', written.revision)
  if (written.changed) context.onCommit(written.revision)
}

/** The row with the revision that holds it. */
export function answerWritten<T, W>(written: Written<T>, render: (row: T) => W): W & { revision: number } {
  return { ...render(written.value), revision: written.revision }
}

export function answerState<T, W>(written: StateWritten<T>, render: (row: T) => W): W & { revision: number; affectedMailboxes: number } {
  return { ...answerWritten(written, render), affectedMailboxes: written.affectedMailboxes }
}

const revisionHeader = {
  'Muster-Revision': { type: 'integer', description: 'The revision that holds the answered state, as in the body.' },
}
const location = { Location: { type: 'string', description: 'The path of what was created.' } }

/** Response of a write, for a route schema: a named schema with a description of its own and its headers. */
export function writeResponse<S extends TSchema>(schema: S, description: string, created = false): TUnsafe<Static<S>> {
  return response(schema, description, created ? { ...revisionHeader, ...location } : revisionHeader)
}

export function response<S extends TSchema>(schema: S, description: string, headers?: Record<string, unknown>): TUnsafe<Static<S>> {
  const { $id } = schema as { $id?: string }
  if ($id === undefined) throw new Error('A response needs a named schema.')
  return Type.Unsafe<Static<S>>({ $ref: `${$id}#`, description, ...(headers ? { headers } : {}) })
}
