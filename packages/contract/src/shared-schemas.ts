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

/** Every schema that has a name, in the order of the words above: a validator adds them all, and `ref()` finds them. */
export const SHARED_SCHEMAS: readonly (TSchema & { readonly $id: string })[] = modules
  .flatMap((module) => Object.values(module) as unknown[])
  .filter((value): value is TSchema & { $id: string } => typeof value === 'object' && value !== null && '$id' in value)
