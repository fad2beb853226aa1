/** The all-in-one, for tests and benchmarks that run it in their own process. `muster` itself is main.ts. */
export { runAllInOne, type AllInOneOptions } from './serve/all-in-one.js'
export type { Welcome } from './serve/welcome.js'
