import { rmSync } from 'node:fs'
import { GdbmFile } from '@muster/mapsync'
import { describeWithTools, makeTemporaryFolder } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startControlPlane, type ControlPlane } from './control-plane.js'
import { enrolHost, type AgentProcess, type MailHost } from './mail-host.js'

/**
 * The live path without Redis: `muster serve`, and a proxy whose `muster-agent run` fetches over HTTP. It looks by itself once an hour, so
 * whatever shows in its popmap within a test came by a poke.
 */
let folders: { control: string; pop1: string }
let control: ControlPlane
let pop1: MailHost
let agent: AgentProcess

const routeOf = (address: string): string | undefined => {
  const file = GdbmFile.openReader(pop1.at('/etc/perdition/popmap.db'))
  try {
    return file.fetch(Buffer.from(address))?.toString()
  } finally {
    file.close()
  }
}

/** Makes a mailbox and waits until pop1 has reported it; answers what its popmap then says. */
async function makeMailbox(address: string): Promise<string | undefined> {
  const { revision } = await control.client.mailboxes.create({ address, password: 'correct horse' })
  await awaitOnHosts(revision)
  return routeOf(address)
}

async function awaitOnHosts(revision: number): Promise<void> {
  for (;;) {
    const { reached, of } = await control.client.revisions.get(revision, { wait: 10, level: 'effective' })
    if (of > 0 && reached === of) return
  }
}

describeWithTools('the live path', ['libgdbm'], () => {
  beforeAll(async () => {
    folders = { control: await makeTemporaryFolder('muster-live-control-'), pop1: await makeTemporaryFolder('muster-live-pop1-') }
    control = await startControlPlane(folders.control)
    await control.client.customers.put('C-1001', { name: 'Example Ltd' })
    await control.client.mailstores.put('ms1', { host: '127.0.0.11', root: '/mail1' })
    await control.client.domains.put('example.net', { customerId: 'C-1001' })
    pop1 = await enrolHost(control, { name: 'pop1', folder: folders.pop1, role: 'proxy', source: control.url })
    agent = pop1.startAgent('--every', '3600')
  })
  afterAll(async () => {
    await agent.stop()
    await control.stop()
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  test('a mailbox is in the compiled popmap as soon as it is published, one after another', async () => {
    for (const name of ['tevie', 'golde', 'motel']) expect(await makeMailbox(`${name}@example.net`)).toBe('127.0.0.11')
    expect((await pop1.agent('status')).stdout).toMatch(/muster-agent run is active \(process \d+\)/)
  })

  test('a second agent of the same host is refused, and a single round has its turn', async () => {
    expect((await pop1.agent('run')).exit).toBe(6)
    expect((await pop1.sync()).exit).toBe(0)
  })

  test('when the control plane comes back the agent catches up, and follows again', async () => {
    const port = Number(new URL(control.url).port)
    expect(await control.stop()).toBe(0)
    control = await startControlPlane(folders.control, port)
    expect(await makeMailbox('hodel@example.net')).toBe('127.0.0.11')
    expect(await makeMailbox('chava@example.net')).toBe('127.0.0.11')
  })

  test('a burst of changes ends with all of them in place', async () => {
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, n) => control.client.mailboxes.create({ address: `user${n}@example.net`, password: 'correct horse' })),
    )
    await awaitOnHosts(Math.max(...made.map(({ revision }) => revision)))
    for (let n = 0; n < 40; n++) expect(routeOf(`user${n}@example.net`)).toBe('127.0.0.11')
  })

  test('SIGTERM ends it in order, and status says so', async () => {
    expect(await agent.stop()).toBe(0)
    expect((await pop1.agent('status')).stdout).toContain('muster-agent run is not active')
  })
})
