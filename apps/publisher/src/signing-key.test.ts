import { chmod, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderPublicKey } from '@muster/maptree'
import { expect, test } from 'vitest'
import { inFolder } from './publisher.fixture.js'
import { loadSigningKey } from './signing-key.js'

test('a key is made on the first start, for its owner alone, and found on the next', () =>
  inFolder(async (folder) => {
    const [file, pub] = [join(folder, 'secrets', 'publisher.key'), join(folder, 'publisher.pub')]
    const key = await loadSigningKey(file, pub)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await writeFile(pub, renderPublicKey(key))
    expect((await loadSigningKey(file, pub)).keyId).toBe(key.keyId)
  }))

test('a key that others may read is refused', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'publisher.key')
    await loadSigningKey(file, join(folder, 'publisher.pub'))
    await chmod(file, 0o640)
    await expect(loadSigningKey(file, join(folder, 'publisher.pub'))).rejects.toThrow('may be read by others')
  }))

test('a lost key is not replaced behind the back of hosts that pinned it', () =>
  inFolder(async (folder) => {
    const [file, pub] = [join(folder, 'publisher.key'), join(folder, 'publisher.pub')]
    await writeFile(pub, renderPublicKey(await loadSigningKey(file, pub)))
    await rm(file)
    await expect(loadSigningKey(file, pub)).rejects.toThrow('restore the key')
  }))
