import { spawnSync } from 'node:child_process'

/** The uid or gid of an account as the machine's name service knows it; a number stands for itself. Throws when there is none. */
export function lookUpAccount(database: 'passwd' | 'group', name: string): number {
  if (/^\d+$/.test(name)) return Number(name)
  const found = spawnSync('getent', [database, name], { encoding: 'utf8' })
  const id = found.stdout?.split(':')[2]
  if (found.status !== 0 || id === undefined)
    throw new Error(`there is no ${database === 'passwd' ? 'user' : 'group'} ${name} on this machine`)
  return Number(id)
}
