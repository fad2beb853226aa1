import type { Benchmark } from '../frame/benchmark.js'
import { compile } from './compile.js'
import { creates } from './creates.js'
import { patch } from './patch.js'

/** In the order in which they are listed and run. */
export const benchmarks: readonly Benchmark[] = [creates, compile, patch]
