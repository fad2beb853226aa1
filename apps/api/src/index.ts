/**
 * The REST API and its console. app.ts builds it from a Directory (packages/store implements it); routes/ has a file an operation;
 * problems.ts alone says how a refusal looks in HTTP; auth.ts who may do what. It must never decide what the directory decides, keep a
 * password, or log a body.
 */
export { buildApi, type ApiOptions } from './app.js'
export { actorOf, mayReadMap } from './auth.js'
export type { ApiConfig, HashingConfig } from './config.js'
export type { Clock, ReadinessCheck } from './context.js'
export { mintKey, type MintedKey } from './key-token.js'
export { createPasswords, type Passwords } from './passwords/passwords.js'
export { PROBLEM_CODES, type ProblemCode } from './problems.js'
export type { PublishedMaps } from './revision-reach.js'
