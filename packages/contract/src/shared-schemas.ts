import type { TSchema } from 'typebox'
import * as change from './change.js'
import * as customer from './customer.js'
import * as domain from './domain.js'
import * as host from './host.js'
import * as imports from './import.js'
import * as key from './key.js'
import * as mailbox from './mailbox.js'
import * as mailstore from './mailstore.js'
import * as problem from './problem.js'
import * as report from './report.js'
import * as revision from './revision.js'
import * as service from './service.js'

const modules = [customer, domain, mailbox, imports, mailstore, host, report, key, revision, change, problem, service]

/**
 * Every schema that has a name, noun by noun: a validator adds them all, and `ref()` finds them. Sorted, because loaders differ in the
 * order of a module's exports, and the OpenAPI document must not.
 */
export const SHARED_SCHEMAS: readonly NamedSchema[] = modules.flatMap((module) =>
  (Object.values(module) as unknown[]).filter(isNamedSchema).sort((a, b) => (a.$id < b.$id ? -1 : 1)),
)

type NamedSchema = TSchema & { readonly $id: string }

function isNamedSchema(value: unknown): value is NamedSchema {
  return typeof value === 'object' && value !== null && '$id' in value
}
