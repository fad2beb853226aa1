import { Type, type Static } from 'typebox'
import { ref, resource, word } from './schema.js'

export const Health = resource('Health', 'The process answers.', {
  status: word(['up'], { description: 'Always up.', examples: ['up'] }),
})
export type Health = Static<typeof Health>

export const ReadinessCheck = resource('ReadinessCheck', 'One thing the service needs.', {
  name: Type.String({ description: 'What was checked.', examples: ['database'] }),
  ready: Type.Boolean({ description: 'Whether it is usable now.', examples: [true] }),
  detail: Type.String({ description: 'What is wrong, or empty.', examples: [''] }),
})
export type ReadinessCheck = Static<typeof ReadinessCheck>

export const Readiness = resource('Readiness', 'Whether the service can do its work now.', {
  ready: Type.Boolean({ description: 'True when every check is.', examples: [true] }),
  checks: Type.Array(ref(ReadinessCheck), { description: 'What was checked.' }),
})
export type Readiness = Static<typeof Readiness>
