import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateSigningKey, parseSigningKey, readFileIfAny, renderSigningKey, writeDurably, type SigningKey } from '@muster/maptree'

/**
 * The key that signs what this publisher writes, from a PEM file that only its owner may read. Made on the first start; never made anew
 * while `publicKeyFile` (publisher.pub) says that hosts may have pinned one: that would lock all of them out without a word.
 */
export async function loadSigningKey(file: string, publicKeyFile: string): Promise<SigningKey> {
  const pem = (await readFileIfAny(file))?.toString('utf8')
  if (pem !== undefined) {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0) throw new Error(`${file} may be read by others: chmod 600 it`)
    return parseSigningKey(pem)
  }
  if ((await readFileIfAny(publicKeyFile)) !== null) {
    throw new Error(
      `${file} is missing, but hosts may have pinned ${publicKeyFile}: restore the key, or remove the .pub file and pin the next one`,
    )
  }
  const key = generateSigningKey()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeDurably(file, renderSigningKey(key), 0o600)
  return key
}
