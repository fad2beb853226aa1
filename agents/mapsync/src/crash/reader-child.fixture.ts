import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GdbmFile } from '../gdbm/gdbm-file.js'

/**
 * Reads the compiled files without a pause until its stdin is closed, each as its daemon does, and prints what it saw. `stable` keys are
 * in every generation; `fleeting` ones come and go. Arguments: the folder, the number of keys.
 */
const [folder = '', count = '0'] = process.argv.slice(2)
const keys = Array.from({ length: Number(count) }, (_, n) => `user${n}@example.net`)
const fleeting = 'fleeting@example.net'
const wrong: string[] = []
const generations = new Set<string>()
let lookups = 0
const stop = new AbortController()
process.stdin.on('end', () => stop.abort()).resume()

/** Perdition opens its map at every login, and takes a failed open for "no such user". */
function likePerdition(key: string): void {
  const file = GdbmFile.openReader(join(folder, 'popmap.db'))
  const value = file.fetch(Buffer.from(key))?.toString()
  file.close()
  if (value === undefined) wrong.push(`popmap: ${key} is missing`)
  else generations.add(`popmap ${value}`)
}

let main: { file: GdbmFile; seconds: number; inode: number } | null = null

/** Courier keeps userdb.dat open while its inode and second of change stay, and opens the shadow at every login. */
function likeCourier(key: string): { main: string | undefined; shadow: string | undefined } {
  const found = statSync(join(folder, 'userdb.dat'))
  const seconds = Math.floor(found.mtimeMs / 1000)
  if (main !== null && (main.seconds !== seconds || main.inode !== found.ino)) {
    main.file.close()
    main = null
  }
  main ??= { file: GdbmFile.openReader(join(folder, 'userdb.dat')), seconds, inode: found.ino }
  const entry = main.file.fetch(Buffer.from(key))?.toString()
  const file = GdbmFile.openReader(join(folder, 'userdbshadow.dat'))
  const shadow = file.fetch(Buffer.from(key))?.toString()
  file.close()
  return { main: entry, shadow }
}

function logIn(key: string): void {
  const { main: entry, shadow } = likeCourier(key)
  if (entry === undefined) wrong.push(`userdb.dat: ${key} is missing`)
  else if (shadow === undefined) wrong.push(`userdbshadow.dat: ${key} is missing`)
  else generations.add(`userdb ${/quota=(\d+)/.exec(entry)?.[1]}`)
}

/** Dovecot reads its passwd-file whole. */
function likeDovecot(): void {
  const text = readFileSync(join(folder, 'dovecot-passwd'), 'utf8')
  const lines = text.split('\n')
  if (lines.pop() !== '') wrong.push('dovecot-passwd: the last line is cut')
  const found = new Set(lines.map((line) => line.slice(0, line.indexOf(':'))))
  for (const key of keys) if (!found.has(key)) wrong.push(`dovecot-passwd: ${key} is missing`)
}

process.stdout.write('reading\n')
for (let n = 0; !stop.signal.aborted && wrong.length < 20; n++) {
  const key = keys[n % keys.length] as string
  try {
    likePerdition(key)
    logIn(key)
    // One that has been given its entry has its password, too: the shadow comes first.
    const { main: entry, shadow } = likeCourier(fleeting)
    if (entry !== undefined && shadow === undefined) generations.add('fleeting entry whose password had just gone')
    if (n % 50 === 0) likeDovecot()
    lookups += 3
  } catch (error) {
    wrong.push(String(error))
  }
  // The end of stdin is only seen between two turns.
  if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
}
process.stdout.write(JSON.stringify({ lookups, wrong, generations: [...generations].sort() }))
process.exit()
