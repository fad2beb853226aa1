import { chmod, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { mintKey } from '@muster/api'
import type { Actor, Directory, KeyRole } from '@muster/domain'
import { writeDurably } from '@muster/maptree'

export interface KeyFileRequest {
  readonly file: string
  readonly name: string
  readonly role: KeyRole
  readonly host: string | null
}

/**
 * Makes a key and the file that holds its text (0600), so that wherever this is cut off the file at `file` never holds a key that the
 * directory does not know: the text is on disk beside it before the directory hears of the key, and takes its name after.
 */
export async function writeNewKey(directory: Directory, request: KeyFileRequest, actor: Actor): Promise<void> {
  const aside = asideOf(request.file)
  const { keyId, token, secretHash } = mintKey()
  await writeDurably(aside, `${token}\n`, 0o600)
  const { name, role, host } = request
  const made = await directory.createKey({ keyId, name, role, host, expiresAt: null, secretHash }, actor)
  if (!made.ok) throw new Error(`The key ${name} could not be made: ${made.detail || made.code}`)
  await putInPlace(aside, request.file)
}

/** Finishes what a start that was cut off within writeNewKey left; true when `file` now holds a key that the directory knows. */
export async function adoptKeyFile(directory: Directory, file: string): Promise<boolean> {
  if (await holdsKnownKey(directory, file)) {
    // Somebody may have copied it about with other modes.
    await chmod(file, 0o600)
    return true
  }
  if (!(await holdsKnownKey(directory, asideOf(file)))) return false
  await putInPlace(asideOf(file), file)
  return true
}

async function holdsKnownKey(directory: Directory, file: string): Promise<boolean> {
  const keyId = await readKeyId(file)
  return keyId !== null && (await directory.findKey(keyId)) !== null
}

async function readKeyId(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return /^mk_([a-z0-9]{12})_/.exec(text)?.[1] ?? null
}

function asideOf(file: string): string {
  return `${file}.new`
}

async function putInPlace(aside: string, file: string): Promise<void> {
  await rename(aside, file)
  const folder = await open(dirname(file))
  await folder.sync().finally(() => folder.close())
}
