// `npm test`: everything a change must pass, on any machine, with nothing done by hand before. Arguments go to vitest
// (`npm test -- --project unit packages/maps`), and then only those tests run, without the checks.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, fail, installDependencies, requireNode, root, run, say } from './prepare.mjs'

requireNode()
installDependencies()
run('Installing the mail daemons for the tests', process.execPath, ['scripts/install-test-tools.mjs'], { show: true })
build()

const only = process.argv.slice(2)
if (only.length === 0) {
  say('Checking format, lint, boundaries and types ...')
  run('The format check (npm run format repairs it)', 'npx', ['oxfmt', '--check', '.'])
  run('Lint', 'npx', ['oxlint', '--deny-warnings'])
  run('The type check of the tests', 'npx', ['tsc', '-p', 'tsconfig.test.json'])
}

const report = join(root, 'var', 'test-report.json')
mkdirSync(join(root, 'var'), { recursive: true })
rmSync(report, { force: true })
const tests = spawnSync('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...only], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
})
if (!existsSync(report)) fail('The tests ended without a report.')
const { numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(readFileSync(report, 'utf8'))
if (numPassedTests === 0) fail('No test ran.')

if (only.length === 0 && process.env.CI && existsSync(join(root, '.git'))) {
  run('Generated files are not what is checked in (git diff)', 'git', ['diff', '--exit-code', '--stat', '--', 'docs'], { show: true })
}
const skipsFail = Boolean(process.env.CI) && numPendingTests > 0
if (skipsFail) say('A skipped test is a failure where CI is set.')
process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`)
process.exit(tests.status === 0 && success && !skipsFail ? 0 : 1)
