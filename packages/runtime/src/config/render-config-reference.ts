import type { Variable } from './variable.js'
import { VARIABLES } from './variables.js'

/** The table of every variable in Markdown, for docs/configuration.md. Same variables, same bytes. */
export function renderConfigReference(): string {
  const rows = (Object.entries(VARIABLES) as [string, Variable<unknown>][]).map(([name, variable]) => {
    const names = variable.secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``
    return `| ${names} | ${variable.fallback === null ? '' : `\`${variable.fallback}\``} | ${variable.accepts} | ${variable.summary} |`
  })
  return ['| variable | when unset | accepts | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}
