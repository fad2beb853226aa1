import { DatabaseError } from 'pg'
import { Prisma } from './generated/client.js'

/** The SQLSTATE of an error of the database, whether it came by pg or by Prisma; null for any other error. */
export function sqlStateOf(error: unknown): string | null {
  if (error instanceof DatabaseError) return error.code ?? null
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return null
  const meta = error.meta as { driverAdapterError?: { cause?: { originalCode?: string } } } | undefined
  return meta?.driverAdapterError?.cause?.originalCode ?? PRISMA_CODES[error.code] ?? null
}

/** The constraint that was violated, as pg names it. */
export function constraintOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.constraint ?? null) : null
}

const PRISMA_CODES: Readonly<Record<string, string>> = { P2002: '23505', P2003: '23503', P2034: '40P01' }

export const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
const DEADLOCK = '40P01'

/** Another writer came between the look and the write (or, of two that waited for each other, this one was chosen): decide again. */
export function isRace(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === UNIQUE_VIOLATION || state === FOREIGN_KEY_VIOLATION || state === DEADLOCK
}

const MOST_ATTEMPTS = 4

/** Runs it again, from its start, when it lost a race; what was lost again and again is thrown. */
export async function retryRaces<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (attempts === MOST_ATTEMPTS || !isRace(error)) throw error
    }
  }
}
