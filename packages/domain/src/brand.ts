/** A type made only by its `parse...`: a plain string can't be passed where a checked one is asked for. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name }
