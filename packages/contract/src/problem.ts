import { Type, type Static } from 'typebox'
import { ref, resource } from './schema.js'

export const FieldError = resource('FieldError', 'What is wrong with one field of a request.', {
  field: Type.String({
    description: 'Which one, such as `quotaBytes` or `items[3].address`; `(body)` for the whole.',
    examples: ['quotaBytes'],
  }),
  message: Type.String({
    description: 'What is wrong with it. The value itself is never repeated.',
    examples: ['must be integer or null'],
  }),
})
export type FieldError = Static<typeof FieldError>

export const Problem = resource('Problem', 'An error as RFC 9457 has it. `code` is stable and meant to be matched on.', {
  type: Type.String({ description: 'URN of the kind of problem; it ends in the code.', examples: ['urn:muster:problem:address_in_use'] }),
  title: Type.String({ description: 'The kind of problem, the same every time.', examples: ['The address is taken'] }),
  status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.', examples: [409] }),
  detail: Type.String({ description: 'What to do about this one.', examples: ['A mailbox has this address.'] }),
  code: Type.String({ description: 'Stable, snake_case.', examples: ['address_in_use'] }),
  instance: Type.String({
    description: 'URN of this request: its id, as in `X-Request-Id` and in the server log.',
    examples: ['urn:muster:request:req-4711'],
  }),
  errors: Type.Optional(Type.Array(ref(FieldError), { description: 'For `request_invalid`: each field that is wrong.' })),
})
export type Problem = Static<typeof Problem>
