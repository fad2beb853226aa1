import { inspect } from 'node:util'

/** A text that shows as `[secret]` wherever it is printed, logged or turned to JSON by accident; reveal() is the only way to it. */
export interface Secret {
  reveal(): string
}

export function secret(text: string): Secret {
  const hidden = () => '[secret]'
  return Object.freeze({ reveal: () => text, toString: hidden, toJSON: hidden, [inspect.custom]: hidden })
}
