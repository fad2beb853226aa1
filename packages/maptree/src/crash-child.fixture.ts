/**
 * A process that works on a tree and kills itself at a step: `node script.mjs FOLDER PEM STEP N WORK`. Not a test: crash.test.ts bundles and runs it.
 */
import { readFileSync } from 'node:fs'
import { freezeSnapshot, openTree, parseSigningKey, patchTree, pruneSnapshots, type AtTreeStep } from './index.js'
import { cursorAt, lineOf, specIn } from './tree.fixture.js'

const [folder = '', pem = '', step = '', times = '1'] = process.argv.slice(2)
const key = parseSigningKey(readFileSync(pem, 'utf8'))
let left = Number(times)
const at: AtTreeStep = (here) => {
  if (here === step && --left === 0) process.kill(process.pid, 'SIGKILL')
}

const tree = await openTree(specIn(folder), [key], at)
if (tree === null) throw new Error('there is no tree to work on')
const changes = new Map(['a', 'b', 'c', 'd'].map((k) => [k, lineOf(k, 'new')]))
changes.delete('d')
const patched = await patchTree(tree, new Map([...changes, ['d', null]]), { cursor: cursorAt(2), key, deltaLimit: 100, at })
await freezeSnapshot(patched.tree, at)
await pruneSnapshots(patched.tree.spec, { keep: 1, keepMs: 0 }, Date.now() + 60_000, at)
process.stdout.write('done\n')
