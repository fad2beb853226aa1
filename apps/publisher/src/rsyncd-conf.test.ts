import { expect, test } from 'vitest'
import { renderRsyncdConf, writeRsyncdConfs } from './rsyncd-conf.js'

test('a proxy is offered its popmap and HEAD, nothing else, read-only', () => {
  expect(renderRsyncdConf('/srv/muster/publish', { name: 'pop1', roles: ['proxy'], mailstores: [] }, { uid: 997, gid: 996 })).toBe(`\
# What the host pop1 may read. Written by Muster whenever the host changes: changes made here are lost.

uid = 997
gid = 996
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

test('a folder that rsyncd.conf cannot name is refused', async () => {
  for (const folder of ['/srv/100%/publish', '/srv/a\nb', '/srv/publish ', '/srv/a\\']) {
    await expect(writeRsyncdConfs(folder, [])).rejects.toThrow('rsyncd.conf cannot name this folder')
  }
})
