import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderCursor } from '@muster/domain'
import { freezeSnapshot, generateSigningKey, listFolder, openSpill, renderHead, replaceTree, verifyTree, type Tree } from '@muster/maptree'
import { describeWithTools, RSYNCD_TOOLS, SSHD_TOOLS, startRsyncd, startSshd, type RunningRsyncd, type RunningSshd } from '@muster/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishedMap } from './map-set.js'
import { makeFolder } from './publisher.fixture.js'
import { writeRsyncdConfs } from './rsyncd-conf.js'

const key = generateSigningKey()
const cursor = { lineage: 1, revision: 7, nonce: '000000000000000a' }
let folder: string
let publishDir: string
let popmap: Tree

async function publish(kind: 'popmap' | 'userdb', mailstore: string | null): Promise<Tree> {
  const { spec } = publishedMap(publishDir, { kind, mailstore })
  const spill = openSpill(spec, join(folder, 'spill'), 1_000_000)
  await spill.add([{ key: 'tevie@example.net', line: kind === 'popmap' ? 'tevie@example.net:127.0.0.11' : 'tevie@example.net\tuid=1' }])
  const { tree } = await replaceTree(spec, null, spill.shards(), { cursor, key, deltaLimit: 10 })
  await freezeSnapshot(tree)
  return tree
}

async function rsync(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('rsync', args)
  return stdout
}

/** rsync's words for a file that a module's filter keeps back. */
const hidden = /daemon-excluded|daemon refused|No such file/

const namesIn = (listing: string): string[] => listing.split('\n').flatMap((line) => line.split(' ').at(-1) || [])

describeWithTools('the rsync modules of a host', [...RSYNCD_TOOLS, ...SSHD_TOOLS], () => {
  let daemon: RunningRsyncd
  let sshd: RunningSshd
  let overSsh: string[]

  beforeAll(async () => {
    folder = await makeFolder()
    publishDir = join(folder, 'publish')
    popmap = await publish('popmap', null)
    await publish('userdb', 'ms1')
    await writeFile(join(publishDir, 'HEAD'), renderHead({ cursor, issued: new Date(0), maps: [] }, key))
    await writeFile(join(publishDir, 'publisher.json'), '{}')
    await mkdir(join(popmap.spec.dir, '.aside'))
    await writeFile(join(popmap.spec.dir, '.aside', '00'), 'not finished')
    await writeRsyncdConfs(publishDir, [
      { name: 'pop1', roles: ['proxy'], mailstores: [] },
      { name: 'store1', roles: ['mailstore'], mailstores: ['ms1'] },
    ])
    daemon = await startRsyncd({ config: join(publishDir, 'rsyncd', 'pop1.conf') })
    sshd = await startSshd({ command: `rsync --server --daemon --config=${publishDir}/rsyncd/store1.conf .` })
    const options = `-p ${sshd.listen.port} -l ${sshd.user} -i ${sshd.identityFile} -o UserKnownHostsFile=${sshd.knownHostsFile} -o BatchMode=yes`
    overSsh = ['-e', `ssh ${options}`]
  })
  afterAll(async () => {
    await daemon.stop()
    await sshd.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('are its maps and HEAD', async () => {
    expect((await rsync(`${daemon.url}/`)).match(/^\S+/gm)).toEqual(['head', 'popmap'])
    expect((await rsync(...overSsh, 'rsync://127.0.0.1/')).match(/^\S+/gm)).toEqual(['head', 'userdb@ms1', 'dovecot-passwd@ms1'])
  })

  test('a snapshot comes over whole, by the daemon and through ssh', async () => {
    const here = publishedMap(join(folder, 'copy'), { kind: 'popmap', mailstore: null })
    await mkdir(join(folder, 'copy'))
    await rsync('-a', `${daemon.url}/popmap/snapshots/${renderCursor(cursor)}/`, `${here.spec.dir}/`)
    expect(await verifyTree(here.spec, [key])).toEqual([])
    const userdb = publishedMap(join(folder, 'copy'), { kind: 'userdb', mailstore: 'ms1' })
    await rsync('-a', ...overSsh, `rsync://127.0.0.1/userdb@ms1/snapshots/${renderCursor(cursor)}/`, `${userdb.spec.dir}/`)
    expect(await verifyTree(userdb.spec, [key])).toEqual([])
  })

  test('head gives HEAD, and nothing else of the publish folder', async () => {
    await rsync(`${daemon.url}/head/HEAD`, `${folder}/`)
    expect(await readFile(join(folder, 'HEAD'))).toEqual(await readFile(join(publishDir, 'HEAD')))
    expect(namesIn(await rsync('-r', `${daemon.url}/head/`))).toEqual(['.', 'HEAD'])
    for (const name of ['publisher.json', 'rsyncd/store1.conf', 'userdb@ms1/MANIFEST', '../secrets']) {
      await expect(rsync(`${daemon.url}/head/${name}`, `${folder}/`)).rejects.toThrow(hidden)
    }
  })

  test('what is being written is not shown', async () => {
    const names = namesIn(await rsync('-r', `${daemon.url}/popmap/`))
    expect(names).toContain('MANIFEST')
    expect(names.filter((name) => name.startsWith('.') && name !== '.')).toEqual([])
    await expect(rsync(`${daemon.url}/popmap/.aside/00`, `${folder}/`)).rejects.toThrow(hidden)
  })

  test("another host's map is no module, and nothing can be written", async () => {
    await expect(rsync(`${daemon.url}/userdb@ms1/`)).rejects.toThrow('Unknown module')
    await expect(rsync(...overSsh, 'rsync://127.0.0.1/popmap/')).rejects.toThrow('Unknown module')
    await expect(rsync(join(folder, 'HEAD'), `${daemon.url}/popmap/shards/00`)).rejects.toThrow('read only')
    await expect(rsync('--delete', '-r', `${folder}/copy/`, `${daemon.url}/popmap/`)).rejects.toThrow('read only')
  })

  test('whatever the key of a host asks ssh for, it gets its modules', async () => {
    const answer = promisify(execFile)('ssh', ['-n', ...(overSsh[1] as string).split(' ').slice(1), '127.0.0.1', 'cat /etc/passwd'])
    await expect(answer).rejects.toMatchObject({ stdout: expect.stringMatching(/^@RSYNCD: [^\n]*\n$/) })
    await expect(rsync(...overSsh, '127.0.0.1:/etc/passwd', `${folder}/`)).rejects.toThrow('protocol')
    expect(await listFolder(folder)).not.toContain('passwd')
  })

  test('the rsyncd.conf of the manual serves the popmap and HEAD as it stands, but for the folder and the user', async () => {
    const manual = await readFile(new URL('../../../docs/operations/rsync.md', import.meta.url), 'utf8')
    const printed = /```ini\n([^`]+)```/.exec(manual)?.[1] ?? ''
    // The daemon of a test runs as whoever runs the test: as root it must be told so, anybody else may not name a group.
    const isRoot = process.getuid?.() === 0
    const config = printed.replace(/^uid = .*\n/m, isRoot ? 'uid = 0\n' : '').replace(/^gid = .*\n/m, isRoot ? 'gid = 0\n' : '')
    await writeFile(join(folder, 'rsyncd.conf'), config.replaceAll('/var/lib/muster/publish', publishDir))
    const printedDaemon = await startRsyncd({ config: join(folder, 'rsyncd.conf') })
    const into = join(folder, 'printed')
    await rsync('-a', '--mkpath', `${printedDaemon.url}/popmap/shards/`, `${into}/shards/`)
    await rsync(`${printedDaemon.url}/head/HEAD`, `${into}/`)
    expect(await listFolder(join(into, 'shards'))).toHaveLength(256)
    expect(await readFile(join(into, 'HEAD'))).toEqual(await readFile(join(publishDir, 'HEAD')))
    await expect(rsync(`${printedDaemon.url}/head/publisher.json`, `${folder}/`)).rejects.toThrow(hidden)
    await expect(rsync(`${printedDaemon.url}/popmap/.aside/00`, `${folder}/`)).rejects.toThrow(hidden)
    expect(await rsync(`${printedDaemon.url}/`)).toBe('')
    await printedDaemon.stop()
  })
})
