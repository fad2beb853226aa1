import { spawn } from 'node:child_process'

/**
 * crypt(3) of this machine, through the perl that every Debian carries: the same libxcrypt the mail daemons verify with, so that an
 * imported `$6$`, `$5$`, `$y$` or `$1$` hash is judged exactly as they do. The texts go in on stdin; arguments would show in `ps`.
 */
const SCRIPT = 'local $/; my ($setting, $password) = split /\\0/, <STDIN>, -1; my $h = crypt($password, $setting); print $h if defined $h'

/** Far above the 30 ms of a yescrypt hash; a hash with an absurd cost is given up on. */
const TIMEOUT_MS = 10_000

/** True or false when this machine knows the scheme; null when it does not, or has no perl. Neither text may hold a NUL. */
export function verifyWithSystemCrypt(password: string, hash: string): Promise<boolean | null> {
  return new Promise((resolve) => {
    const child = spawn('perl', ['-e', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'], timeout: TIMEOUT_MS, env: { PATH: process.env.PATH } })
    let output = ''
    child.stdout.setEncoding('latin1').on('data', (text: string) => (output += text))
    child.on('error', () => resolve(null))
    // A child that died before it read its input: `close` gives the answer.
    child.stdin.on('error', () => {})
    child.on('close', () => resolve(judge(output, hash)))
    child.stdin.end(`${hash}\0${password}`, 'utf8')
  })
}

/** Schemes that a crypt(3) does not know come back as `*0`, as nothing, or as a DES hash: only one of the same scheme is an answer. */
function judge(output: string, hash: string): boolean | null {
  const scheme = /^\$[a-z0-9]+\$/.exec(hash)?.[0]
  if (scheme === undefined || !output.startsWith(scheme)) return null
  return output === hash
}
