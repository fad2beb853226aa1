import { everyItem } from '@muster/client'
import { KEY_ROLES, type KeyRole } from '@muster/domain'
import { answer, command, renderTable } from '@muster/runtime'
import { Option, type Command } from 'commander'
import { collect, withClient } from '../with-client.js'

export function keysCommand(): Command {
  const group = command({ name: 'keys', summary: 'API keys.', examples: [] })
  return group.addCommand(createKey()).addCommand(listKeys()).addCommand(revokeKey())
}

interface CreateOptions {
  readonly name: string
  readonly role: KeyRole
  readonly host?: string
  readonly expires?: string
}

function createKey(): Command {
  const made = command({
    name: 'create',
    summary: 'Make a key. Its text is shown this once.',
    examples: [
      ['muster keys create --name billing --role admin', 'a key for the billing system'],
      ['muster keys create --name pop1 --role host --host pop1 > token', 'the key of a host, for its agent'],
    ],
  })
  return made
    .requiredOption('--name <name>', 'who uses it, for people')
    .addOption(new Option('--role <role>', 'what it may do').choices(KEY_ROLES).makeOptionMandatory())
    .option('--host <host>', 'the host that a key with the role host belongs to')
    .option('--expires <instant>', 'when it stops working, such as 2027-01-01T00:00:00Z; never, when not given')
    .action(async ({ name, role, host, expires }: CreateOptions) => {
      const body = { name, role, ...(host === undefined ? {} : { host }), ...(expires === undefined ? {} : { expiresAt: expires }) }
      const key = await withClient((client) => client.keys.create(body))
      answer(made, key, key.token)
    })
}

function listKeys(): Command {
  const made = command({ name: 'list', summary: 'List the keys, without their secrets.', examples: [['muster keys list', 'all of them']] })
  return made.action(async () => {
    const keys = await withClient((client) => collect(everyItem(client.keys.list)))
    const rows = keys.map((key) => [key.keyId, key.role, key.host ?? '', key.expiresAt ?? 'never', key.name])
    answer(made, { items: keys }, renderTable(['key', 'role', 'host', 'expires', 'name'], rows))
  })
}

function revokeKey(): Command {
  const made = command({
    name: 'revoke',
    summary: 'Take a key away, at once and for good.',
    examples: [['muster keys revoke k3yd0fb1ll1n', 'by the id that `keys list` shows']],
  })
  return made.argument('<keyId>', 'the part of the key between mk_ and the next _').action(async (keyId: string) => {
    const { revision } = await withClient((client) => client.keys.delete(keyId))
    answer(made, { keyId, revision }, `Revoked ${keyId}.`)
  })
}
