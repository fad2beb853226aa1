import { changeCustomerState } from './change-customer-state.js'
import { changeDomainState } from './change-domain-state.js'
import { changeMailboxState } from './change-mailbox-state.js'
import { checkPassword } from './check-password.js'
import { createKey } from './create-key.js'
import { createMailbox } from './create-mailbox.js'
import { deleteCustomer } from './delete-customer.js'
import { deleteDomain } from './delete-domain.js'
import { deleteHost } from './delete-host.js'
import { deleteKey } from './delete-key.js'
import { deleteMailbox } from './delete-mailbox.js'
import { deleteMailstore } from './delete-mailstore.js'
import { getCustomer } from './get-customer.js'
import { getDomain } from './get-domain.js'
import { getHealth } from './get-health.js'
import { getHost } from './get-host.js'
import { getMailbox } from './get-mailbox.js'
import { getMailstore } from './get-mailstore.js'
import { getReadiness } from './get-readiness.js'
import { getRevision } from './get-revision.js'
import { importMailboxes } from './import-mailboxes.js'
import { listChanges } from './list-changes.js'
import { listCustomers } from './list-customers.js'
import { listDomains } from './list-domains.js'
import { listHostMaps } from './list-host-maps.js'
import { listHosts } from './list-hosts.js'
import { listKeys } from './list-keys.js'
import { listMailboxes } from './list-mailboxes.js'
import { listMailstores } from './list-mailstores.js'
import { patchCustomer } from './patch-customer.js'
import { patchHost } from './patch-host.js'
import { patchMailbox } from './patch-mailbox.js'
import { patchMailstore } from './patch-mailstore.js'
import { putCustomer } from './put-customer.js'
import { putDomain } from './put-domain.js'
import { putHost } from './put-host.js'
import { putMailstore } from './put-mailstore.js'
import { saveHostReports } from './save-host-reports.js'

/** Every operation, in the order of the console: as a new site would go about it. */
export const ROUTES = [
  [putCustomer, getCustomer, listCustomers, patchCustomer, changeCustomerState, deleteCustomer],
  [putMailstore, getMailstore, listMailstores, patchMailstore, deleteMailstore],
  [putDomain, getDomain, listDomains, changeDomainState, deleteDomain],
  [createMailbox, getMailbox, listMailboxes, patchMailbox, checkPassword, changeMailboxState, deleteMailbox],
  [importMailboxes],
  [putHost, getHost, listHosts, patchHost, listHostMaps, saveHostReports, deleteHost],
  [getRevision, listChanges],
  [createKey, listKeys, deleteKey],
  [getHealth, getReadiness],
].flat()
