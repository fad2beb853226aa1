import type { Variable } from './variable.js'
import { VARIABLES } from './variables.js'

const OPENING = `# Configuration

Muster is configured by environment variables, read once at the start. All that is wrong with them is told at once, by name. A variable
that is set to nothing counts as unset. A secret may come from a file instead: \`NAME_FILE\` holds its path.

Rendered from packages/runtime/src/config/variables.ts by \`npm run reference -w @muster/runtime\`; not written by hand.
`

/** docs/operations/configuration.md: every variable in a table. Same variables, same bytes. */
export function renderConfigReference(): string {
  const rows = (Object.entries(VARIABLES) as [string, Variable<unknown>][]).map(([name, variable]) => {
    const names = variable.secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``
    return `| ${names} | ${variable.fallback === null ? '' : `\`${variable.fallback}\``} | ${variable.accepts} | ${variable.summary} |`
  })
  return [OPENING, '| variable | when unset | accepts | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}
