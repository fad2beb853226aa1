import { everyItem } from '@muster/client'
import type { Host, HostDetail } from '@muster/contract'
import { ROLES, type Role } from '@muster/domain'
import { answer, CliFailure, command, EXIT, renderTable } from '@muster/runtime'
import { Option, type Command } from 'commander'
import { collect, withClient } from '../with-client.js'

export function hostsCommand(): Command {
  const group = command({ name: 'hosts', summary: 'The machines of the cluster.', examples: [] })
  return group.addCommand(listHosts()).addCommand(showHost()).addCommand(putHost()).addCommand(removeHost())
}

function listHosts(): Command {
  const made = command({ name: 'list', summary: 'List the hosts and what they do.', examples: [['muster hosts list', 'all of them']] })
  return made.action(async () => {
    const hosts = await withClient((client) => collect(everyItem(client.hosts.list)))
    answer(made, { items: hosts }, renderTable(['host', 'roles', 'mailstores'], hosts.map(toRow)))
  })
}

function toRow(host: Host): string[] {
  return [host.name, host.roles.join(','), host.mailstores.join(',')]
}

function showHost(): Command {
  const made = command({
    name: 'show',
    summary: 'A host, the maps it may read, and where it stands with each.',
    examples: [['muster hosts show pop1', 'by its name']],
  })
  return made.argument('<host>').action(async (name: string) => {
    const host = await withClient((client) => client.hosts.get(name))
    if (host === null) throw new CliFailure(EXIT.refused, 'host_not_found', `There is no host ${name}.`, '`muster hosts list` shows them.')
    answer(made, host, renderHost(host))
  })
}

function renderHost(host: HostDetail): string {
  const rows = host.maps.map(({ map }) => {
    const reports = host.reports.filter((report) => report.map === map)
    const latest = reports.toSorted((a, b) => a.reportedAt.localeCompare(b.reportedAt)).at(-1)
    const levels = reports.filter((report) => report.cursor).map((report) => `${report.level} ${report.cursor}`)
    const failed = latest?.failedStep ? `${latest.failedStep}: ${latest.reason ?? ''}` : ''
    return [map, levels.join(', ') || 'no report yet', failed]
  })
  return `${renderTable(['host', 'roles', 'mailstores'], [toRow(host)])}\n\n${renderTable(['map', 'stands at', 'failed'], rows)}`
}

interface RoleOptions {
  readonly role: Role[]
  readonly mailstore?: string[]
}

function withRoles(made: Command): Command {
  return made
    .argument('<host>')
    .addOption(new Option('--role <role...>', 'what it does').choices(ROLES).makeOptionMandatory())
    .option('--mailstore <name...>', 'the mailstores it serves, or * for all (role mailstore)')
}

function putHost(): Command {
  const made = command({
    name: 'put',
    summary: 'Say what a host does; a new one is made. Its agent then needs a key: `muster keys create --role host`.',
    examples: [['muster hosts put pop1 --role proxy', 'a POP3 and IMAP proxy']],
  })
  return withRoles(made).action(async (name: string, { role, mailstore }: RoleOptions) => {
    const host = await withClient((client) => client.hosts.put(name, { roles: role, mailstores: mailstore ?? [] }))
    answer(made, host, renderTable(['host', 'roles', 'mailstores'], [toRow(host)]))
  })
}

function removeHost(): Command {
  const made = command({
    name: 'remove',
    summary: 'Take a host out of the directory; its keys stop working.',
    examples: [['muster hosts remove pop1', 'by its name']],
  })
  return made.argument('<host>').action(async (name: string) => {
    const { revision } = await withClient((client) => client.hosts.delete(name))
    answer(made, { host: name, revision }, `Removed ${name}.`)
  })
}
