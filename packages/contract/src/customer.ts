import { Type, type Static } from 'typebox'
import { AffectedMailboxes, CreatedAt, CustomerId, LINE_OF_TEXT, RevisionField, StateField, UpdatedAt } from './fields.js'
import { page, resource } from './schema.js'

const name = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: LINE_OF_TEXT,
  description: 'Name of the customer, for people.',
  examples: ['Example Ltd'],
})

const properties = {
  customerId: CustomerId,
  name,
  state: StateField,
  createdAt: CreatedAt,
  updatedAt: UpdatedAt,
  revision: RevisionField,
}

export const Customer = resource('Customer', 'Who pays: the key to billing, unrelated to any login.', properties)
export type Customer = Static<typeof Customer>

export const CustomerStateChanged = resource('CustomerStateChanged', 'A customer after suspend, resume or close.', {
  ...properties,
  affectedMailboxes: AffectedMailboxes,
})
export type CustomerStateChanged = Static<typeof CustomerStateChanged>

export const PutCustomer = resource('PutCustomer', 'A customer as the billing system knows it.', { name })
export type PutCustomer = Static<typeof PutCustomer>

export const PatchCustomer = Type.Object(
  { name: Type.Optional(name) },
  { $id: 'PatchCustomer', description: 'What to change of a customer.', additionalProperties: false, minProperties: 1 },
)
export type PatchCustomer = Static<typeof PatchCustomer>

export const CustomerPage = page('CustomerPage', Customer, 'C-1001')
export type CustomerPage = Static<typeof CustomerPage>
