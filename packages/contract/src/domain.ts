import { Type, type Static } from 'typebox'
import { AffectedMailboxes, CreatedAt, CustomerId, RevisionField, StateField, StatusField, UpdatedAt } from './fields.js'
import { page, resource } from './schema.js'

const properties = {
  domain: Type.String({ description: 'The mail domain in A-labels (ASCII), lower case.', examples: ['xn--bcher-kva.example'] }),
  domainUnicode: Type.String({ description: 'The same name in U-labels, for people.', examples: ['bücher.example'] }),
  customerId: CustomerId,
  state: StateField,
  status: StatusField,
  createdAt: CreatedAt,
  updatedAt: UpdatedAt,
  revision: RevisionField,
}

export const Domain = resource('Domain', 'A mail domain we answer for.', properties)
export type Domain = Static<typeof Domain>

export const DomainStateChanged = resource('DomainStateChanged', 'A domain after suspend, resume or close.', {
  ...properties,
  affectedMailboxes: AffectedMailboxes,
})
export type DomainStateChanged = Static<typeof DomainStateChanged>

export const PutDomain = resource('PutDomain', 'Whose domain it is.', { customerId: CustomerId })
export type PutDomain = Static<typeof PutDomain>

export const DomainPage = page('DomainPage', Domain, 'example.net')
export type DomainPage = Static<typeof DomainPage>
