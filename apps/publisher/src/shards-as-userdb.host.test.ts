import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateSigningKey, openSpill, replaceTree } from '@muster/maptree'
import { describeWithTools, toolPath } from '@muster/testkit'
import { expect, test } from 'vitest'
import { publishedMap } from './map-set.js'
import { makeFolder } from './publisher.fixture.js'

describeWithTools('shards/ of a published userdb', ['makeuserdb', 'gdbmtool'], () => {
  test('is a folder that makeuserdb takes as it stands', async () => {
    const folder = await makeFolder()
    try {
      const { spec } = publishedMap(folder, { kind: 'userdb', mailstore: null })
      const spill = openSpill(spec, join(folder, 'spill'), 1_000_000)
      const names = Array.from({ length: 300 }, (_, i) => `user${i}@example.net`)
      await spill.add(names.map((key) => ({ key, line: `${key}\tuid=5000|gid=5000|home=/mail1/${key}|systempw=x${key}` })))
      const seal = { cursor: { lineage: 1, revision: 7, nonce: '000000000000000a' }, key: generateSigningKey(), deltaLimit: 0 }
      await replaceTree(spec, null, spill.shards(), seal)
      await promisify(execFile)(toolPath('makeuserdb'), ['-f', join(spec.dir, 'shards')])
      const { stdout } = await promisify(execFile)(toolPath('gdbmtool'), ['-r', join(spec.dir, 'shardsshadow.dat'), 'count'])
      expect(stdout).toContain('300')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
