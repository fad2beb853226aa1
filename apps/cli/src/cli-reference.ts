import { renderCliReference } from '@muster/runtime'
import { musterProgram } from './program.js'

const OPENING = `The operator's command. In a checkout it is \`node apps/cli/dist/main.js\`. Answers are on stdout, everything else on stderr; \`--json\`
makes the answer one line of JSON, and an error \`{"error":{"code",...}}\`. Its settings are [environment variables](configuration.md).

| exit code | means |
|---|---|
| 0 | done |
| 1 | something broke that nobody foresaw |
| 2 | the command line is wrong |
| 3 | refused; the message says why |
| 4 | the control plane could not be reached |
| 5 | a setting cannot be used |
| 6 | another process holds the data folder or the port |

Rendered from the commands themselves by \`npm run reference -w @muster/cli\`; not written by hand.`

/** docs/operations/muster.md. */
export function renderMusterReference(): string {
  return `${renderCliReference(musterProgram(), OPENING)}\n`
}
