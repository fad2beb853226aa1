/** The two values that one userdb line becomes. */
export interface UserdbParts {
  /** In userdb.dat. */
  readonly main: string
  /** In userdbshadow.dat; null when the line has no password field. */
  readonly shadow: string | null
}

/**
 * Splits the fields of a line as makeuserdb(8) does: whatever begins with a name that ends in `pw` (systempw, imappw, pop3pw, ...) goes to
 * the shadow, and `.dat` gets `_=` at its end. That field names the file below the userdb folder from which the account came, so that
 * Courier's password change knows which text to edit; for a userdb that is one file, as here, makeuserdb leaves it empty.
 */
export function splitUserdb(line: string): UserdbParts {
  const fields = line.slice(line.indexOf('\t') + 1).split('|')
  while (fields.at(-1) === '') fields.pop()
  const isSecret = (field: string) => /^[^=]*pw=/.test(field)
  const secrets = fields.filter(isSecret)
  return { main: [...fields.filter((f) => !isSecret(f)), '_='].join('|'), shadow: secrets.length === 0 ? null : secrets.join('|') }
}

/** The fields that say whose mail this is: where it lies and which account may touch it. */
export function identityOf(main: string): string {
  return main
    .split('|')
    .filter((field) => /^(?:home|mail|uid|gid)=/.test(field))
    .sort()
    .join('|')
}
