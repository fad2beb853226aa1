import { expect, test } from 'vitest'
import { renderRsyncdConf, writeRsyncdConfs } from './rsyncd-conf.js'

test('a proxy is offered its popmap and HEAD, nothing else, read-only', () => {
  expect(renderRsyncdConf('/srv/muster/publish', { name: 'pop1', roles: ['proxy'], mailstores: [] }, false)).toBe(`\
# What the host pop1 may read. Written by Muster whenever the host changes: changes made here are lost.

use chroot = no
read only = yes
list = yes
reverse lookup = no

[head]
path = /srv/muster/publish
include = /HEAD
exclude = *

[popmap]
path = /srv/muster/publish/popmap
exclude = .*
`)
})

test("rsync started by root stays root for trees that are root's", () => {
  const host = { name: 'pop1', roles: ['proxy'], mailstores: [] } as const
  expect(renderRsyncdConf('/srv/muster/publish', host, true)).toContain('\nuid = 0\ngid = 0\nuse chroot = no\n')
})

test('a folder that rsyncd.conf cannot name is refused', async () => {
  for (const folder of ['/srv/100%/publish', '/srv/a\nb', '/srv/publish ', '/srv/a\\']) {
    await expect(writeRsyncdConfs(folder, [])).rejects.toThrow('rsyncd.conf cannot name this folder')
  }
})
