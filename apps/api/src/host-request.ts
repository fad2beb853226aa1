import { accept, refuse, type HostRequest, type Outcome, type Role } from '@muster/domain'

/**
 * Roles and mailstores that go together: a mailstore host says which mailstores it serves, because it is given their password
 * hashes, and no other host has any. What is left out stays as it was.
 */
export function planHostRequest(
  given: { roles?: readonly Role[]; mailstores?: readonly string[] },
  present: HostRequest | null,
): Outcome<HostRequest, 'host_mailstores_mismatch'> {
  const roles = given.roles ?? present?.roles ?? []
  const serves = roles.includes('mailstore')
  const mailstores = given.mailstores ?? (serves ? (present?.mailstores ?? []) : [])
  if (serves && mailstores.length === 0) {
    return refuse('host_mailstores_mismatch', 'mailstores', 'With the role mailstore, name the mailstores it serves, or ["*"] for all.')
  }
  if (!serves && mailstores.length > 0) {
    return refuse('host_mailstores_mismatch', 'mailstores', 'Only a host with the role mailstore serves mailstores.')
  }
  return accept({ roles, mailstores })
}
